import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly name?: string;
  readonly x?: number;
  readonly y?: number;
  readonly wires?: readonly (readonly string[])[];
  readonly [key: string]: unknown;
}

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, "examples", "node-red");
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as readonly FlowNode[];
const only = (nodes: readonly FlowNode[], type: string) => {
  const found = nodes.filter((node) => node.type === type);
  expect(found, type).toHaveLength(1);
  return found[0] as FlowNode;
};

/** Half of a node's width on the canvas grows with its name; its height is 30. */
const widthOf = ({ name = "" }: FlowNode) => Math.max(100, name.length * 8 + 50);

test("the flows can be imported side by side: no id is there twice", () => {
  const ids = files.flatMap((file) => read(file).map(({ id }) => id));
  expect(files.length).toBe(3);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
});

test("the README names each flow", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  for (const file of files) expect(readme).toContain(`(examples/node-red/${file})`);
});

describe.each(files)("%s", (file) => {
  const nodes = read(file);
  const tab = only(nodes, "tab");
  const names = (tab["env"] as readonly { readonly name: string }[]).map(({ name }) => name);

  test("needs nothing but what Node-RED brings, and every wire ends at a node", () => {
    const core = [
      "tab",
      "comment",
      "mqtt-broker",
      "mqtt in",
      "mqtt out",
      "inject",
      "function",
      "change",
      "debug",
      "file",
      "file in",
      "catch",
    ];
    const ids = new Set(nodes.map(({ id }) => id));
    for (const node of nodes) {
      expect(core).toContain(node.type);
      if (node.type !== "tab") expect(node.z).toBe(tab.id);
      for (const to of (node.wires ?? []).flat()) expect(ids).toContain(to);
      if (typeof node["broker"] === "string" && node.type !== "mqtt-broker") expect(node["broker"]).toBe(only(nodes, "mqtt-broker").id);
    }
  });

  test("what is to be set stands in one place, is explained, and is used", () => {
    const { info } = only(nodes, "comment");
    const rest = JSON.stringify(nodes.filter(({ type }) => type !== "tab" && type !== "comment"));
    for (const name of names) {
      expect(info).toContain(`**${name}**`);
      expect(rest).toContain(name);
    }
    expect(only(nodes, "mqtt-broker")).toMatchObject({ broker: "$" + "{MQTT_HOST}", port: "$" + "{MQTT_PORT}" });
  });

  test("holds no user, password or credentials", () => {
    for (const node of nodes) {
      expect(Object.keys(node).filter((key) => /credential|user$|password|secret/i.test(key))).toEqual([]);
    }
  });

  test("is laid out so that it can be read: left to right, nothing upon anything", () => {
    const placed = nodes.filter(({ x }) => x !== undefined);
    for (const a of placed) {
      for (const b of placed.filter(({ id }) => id > a.id)) {
        const isApart = Math.abs((a.y ?? 0) - (b.y ?? 0)) >= 40 || Math.abs((a.x ?? 0) - (b.x ?? 0)) >= (widthOf(a) + widthOf(b)) / 2;
        expect(isApart, `${a.name} and ${b.name}`).toBe(true);
      }
      const isEnd = (node: FlowNode) => node.type === "file in" || node.type === "catch";
      const next = placed.filter(({ id, type }) => (a.wires ?? []).flat().includes(id) && type !== "function");
      for (const b of next.filter((one) => !isEnd(one))) expect(b.x ?? 0, `${a.name} to ${b.name}`).toBeGreaterThanOrEqual(a.x ?? 0);
    }
  });
});
