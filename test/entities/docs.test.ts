import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { catalogue } from "../../src/entities/catalogue.ts";
import { renderEntities } from "../../src/entities/docs.ts";
import { CHAPTERS } from "../../src/entities/published.ts";
import { factsOf } from "./facts.ts";
import { EVERYTHING, GROUPS } from "./house.ts";

const root = resolve(import.meta.dirname, "../..");

test("docs/entities.md is what the catalogue says", async () => {
  expect(await readFile(resolve(root, "docs/entities.md"), "utf8")).toBe(renderEntities());
  await promisify(execFile)(process.execPath, ["src/cli/docs.ts", "--check"], { cwd: root, timeout: 20_000 });
});

test("every topic and key that a house with everything publishes is documented", () => {
  const documented = new Set(CHAPTERS.flatMap(({ sections }) => sections.flatMap(({ rows }) => rows.map(({ key }) => key))));
  const raw = ["pel_settings", "pv_limit", "dpel"];
  const view = catalogue(factsOf({ capabilities: EVERYTHING, groups: GROUPS }));
  const keys = view.states.filter(({ path }) => !raw.includes(path)).flatMap(({ payload }) => Object.keys(payload));
  expect(keys.map((key) => key.replace(/^l[123]_/, "")).filter((key) => key !== "ts" && !documented.has(key))).toEqual([]);
});

test("each row says where it comes from, and an entity has a name or a device class", () => {
  for (const { title, sections } of CHAPTERS) {
    for (const row of sections.flatMap(({ rows }) => rows)) {
      expect(row.from, `${title} ${row.key}`).not.toBe("");
      if (row.id !== undefined && row.name === undefined) expect(row.deviceClass, `${title} ${row.key}`).toBeDefined();
    }
  }
});

test("rows are what Home Assistant takes: enums with options, units with their classes, categories of sensors", () => {
  const units: { readonly [deviceClass: string]: readonly string[] } = {
    power: ["W", "kW"],
    energy: ["Wh", "kWh"],
    energy_storage: ["Wh"],
    battery: ["%"],
    voltage: ["V"],
    current: ["A"],
    frequency: ["Hz"],
    apparent_power: ["VA"],
    reactive_power: ["var"],
    temperature: ["°C", "°F"],
    duration: ["s", "ms", "min"],
  };
  for (const { title, sections } of CHAPTERS) {
    for (const row of sections.flatMap(({ rows }) => rows)) {
      const where = `${title} ${row.key}`;
      const { platform = "sensor", deviceClass, stateClass, unit } = row;
      if (row.id === undefined) expect([deviceClass, unit, row.name], where).toEqual([undefined, undefined, undefined]);
      if (platform === "sensor" && deviceClass !== undefined) expect(units[deviceClass] ?? [undefined], where).toContain(unit);
      expect(row.options !== undefined, where).toBe(deviceClass === "enum" || platform === "event");
      expect(row.category, where).not.toBe("config");
      if (deviceClass === "energy") expect(stateClass, where).not.toBe("measurement");
      else if (stateClass !== undefined) expect(stateClass, where).toBe("measurement");
      if (platform !== "sensor") expect([stateClass, unit], where).toEqual([undefined, undefined]);
    }
  }
});
