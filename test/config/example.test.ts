import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentOf, SETTINGS, variableOf } from "../../src/config/settings.ts";
import { load } from "./load.ts";

const example = readFileSync(new URL("../../config/envoy2mqtt.example.yaml", import.meta.url), "utf8");
const reference = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

/** The example with the # taken from in front of every key, and one of each pair that cannot stand together. */
function everything(): string {
  const lines = example.split("\n").map((line) => line.replace(/^(\s*)# ((- )?[a-z_]+:( .*)?| +(- )?[a-z_]+: .*| +[a-z_]+:)$/, "$1$2"));
  const kept = lines.filter((line) => !/^\s*(password_file|token_file):/.test(line));
  return kept.join("\n").replace("mqtt://localhost", "mqtts://localhost");
}

function keysOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, part]) => keysOf(part, prefix === "" ? key : `${prefix}.${key}`));
}

describe("config/envoy2mqtt.example.yaml", () => {
  test("loads as it is", () => {
    const config = load({ files: { "/srv/config/envoy2mqtt.yaml": example } });
    expect(config.gateways[0]?.host).toBe("envoy.local");
    expect(config.mqtt.url).toBe("mqtt://localhost:1883");
  });

  test("with every # taken away, and one gateway, it loads too; what it shows as default is the default", async () => {
    const { parse, stringify } = await import("yaml");
    const { gateways, ...one } = parse(everything());
    const shown = load({ files: { "/srv/config/envoy2mqtt.yaml": stringify(one) } });
    const plain = load({});
    expect(shown.gateways[0]?.intervals).toEqual(plain.gateways[0]?.intervals);
    expect(shown.gateways[0]?.extraEndpoints).toHaveLength(1);
    expect([shown.availability, shown.enlighten, shown.stateDir, shown.log]).toEqual([
      plain.availability,
      plain.enlighten,
      plain.stateDir,
      plain.log,
    ]);
    expect(shown.web).toEqual({ ...plain.web, password: "…" });
    const { url, username, password, clientId, tls, ...rest } = shown.mqtt;
    expect(plain.mqtt).toMatchObject(rest);
    expect(gateways).toHaveLength(2);
    const { host, token, serial, name, ...shared } = one;
    const files = { "/srv/config/envoy2mqtt.yaml": stringify({ ...shared, mqtt: {}, gateways }), "/srv/config/barn-token": "a.b.c" };
    expect(load({ files }).gateways.map((gateway) => gateway.name)).toEqual(["House", "Barn"]);
  });

  test("every key there is stands in it", async () => {
    const { parse } = await import("yaml");
    const keys = keysOf(parse(everything()));
    expect(SETTINGS.map(({ path }) => path).filter((path) => !keys.includes(path))).toEqual([]);
    for (const { path } of SETTINGS.filter(({ secret }) => secret)) expect(example).toContain(`${path.split(".").at(-1)}_file:`);
  });
});

describe("docs/configuration.md", () => {
  test.each(SETTINGS.map((setting) => [setting.path, setting] as const))(
    "tells of %s, its variable, argument and meaning",
    (path, setting) => {
      const row = reference.split("\n").find((line) => line.startsWith(`| \`${path}\` |`));
      expect(row).toContain(`\`${variableOf(setting)}\``);
      expect(row).toContain(`\`--${argumentOf(setting)}\``);
      expect(row).toContain(setting.doc);
    },
  );
});
