import { expect, test } from "vitest";
import { documentText } from "../../src/entities/units.ts";

test("a document without a flat shape is one text, and an unknown one is unknown, not the text null", () => {
  expect(documentText([{ id: "season_1", days: [] }])).toBe('[{"id":"season_1","days":[]}]');
  expect(documentText([])).toBe("[]");
  expect(documentText(null)).toBeNull();
  expect(documentText(undefined)).toBeNull();
});
