import { expect, test } from "vitest";
import { isAtLeast, parseFirmware } from "../../src/model/firmware.ts";

test("a firmware is read without its letter and compared by its numbers", () => {
  expect(parseFirmware("D8.3.1598").text).toBe("8.3.1598");
  expect(isAtLeast(parseFirmware("8.3.5433"), "8.3.1598")).toBe(true);
  expect(isAtLeast(parseFirmware("7.6.175"), "8.0.0")).toBe(false);
});
