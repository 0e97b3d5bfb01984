import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { COMMANDS, parseCommandLine } from "../../src/cli/args.ts";
import { variableNames } from "../../src/config/sources.ts";
import { LIFECYCLE_STATES } from "../../src/model/lifecycle.ts";
import { createRequests } from "../../src/requests.ts";
import { load } from "../config/load.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENTS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/configuration.md", "docs/topics.md", "docs/moving.md"];
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;

describe.each(DOCUMENTS)("%s", (name) => {
  const text = read(name);

  test("links to files that are there", () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect([target, existsSync(join(root, dirname(name), target as string))]).toEqual([target, true]);
  });

  test("names variables, npm scripts and files that are there", () => {
    const variables = [...text.matchAll(/\bENVOY2MQTT_[A-Z_]+[A-Z]/g)]
      .map(([variable]) => variable)
      .filter((variable) => variable !== "ENVOY2MQTT_");
    for (const variable of variables) expect(variableNames()).toContain(variable);
    for (const [, script] of text.matchAll(/npm run ([a-z:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, file] of text.matchAll(/`((?:src|config|systemd|docs)\/[\w./-]+\.(?:ts|yaml|service|md))`/g)) {
      if (file !== "config/envoy2mqtt.yaml") expect([file, existsSync(join(root, file as string))]).toEqual([file, true]);
    }
  });

  test("its commands are commands of ours", () => {
    for (const [, words] of text.matchAll(/(?:`|npx )envoy2mqtt ((?:--)?[a-z][^`\n]*)/g)) {
      const argv = (words as string).trim().split(" ");
      expect(() => parseCommandLine(argv)).not.toThrow();
    }
  });

  test("its configurations load", () => {
    const secrets = ["enlighten-password", "mqtt-password", "barn-token"].map((file) => [`/srv/config/${file}`, "hush"]);
    for (const [, yaml] of text.matchAll(/```yaml\n([^`]*)```/g)) {
      expect(() => load({ files: { ...Object.fromEntries(secrets), "/srv/config/envoy2mqtt.yaml": yaml as string } })).not.toThrow();
    }
  });
});

test("the README begins with two commands and says for each state of the lifecycle what to do", () => {
  const readme = read("README.md");
  expect(readme).toMatch(/^# envoy2mqtt\n\n```sh\nnpm ci && npm run demo .*\nnpm ci && npm test .*\n```/);
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| .+ \| .+ \|$/gm)].map(([, state]) => state);
  expect(rows).toEqual([...LIFECYCLE_STATES]);
  for (const command of COMMANDS) expect(readme).toContain(`\`${command}\``);
});

test("docs/topics.md has the requests that the bridge answers", () => {
  const requests = createRequests({ mqtt: {} as never, gateways: () => [], trouble: () => null });
  const named = [...read("docs/topics.md").matchAll(/^\| `([a-z_]+(?:\/[a-z_]+)?)` \| (?:`[^|]*`)? *\|/gm)].map(
    ([, name]) => name as string,
  );
  expect(named).toHaveLength(5);
  for (const name of named) expect([name, requests(name)]).toEqual([name, expect.any(Function)]);
});

test("the README's Energy dashboard names entities that docs/entities.md has", () => {
  const part = read("README.md").split("### Energy dashboard")[1]?.split("\n## ")[0] as string;
  const entities = [...part.matchAll(/^\| [A-Z][^|]+ \| ([^|(]+?)(?: of an inverter)?(?: \([^|]*\))? \|$/gm)].map(
    ([, name]) => name as string,
  );
  expect(entities).toHaveLength(6);
  for (const name of entities) expect(read("docs/entities.md")).toContain(`| ${name} |`);
});
