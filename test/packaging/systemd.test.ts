import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/args.ts";
import { credentialOf, SETTINGS, variableOf } from "../../src/config/settings.ts";

const path = fileURLToPath(new URL("../../systemd/envoy2mqtt.service", import.meta.url));
const unit = readFileSync(path, "utf8");
const values = (key: string): string[] => [...unit.matchAll(new RegExp(`^#?${key}=(.*)$`, "gm"))].map(([, value]) => value as string);
const there = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe("systemd/envoy2mqtt.service", () => {
  test("notifies, is watched, restarts after failures but not after a wrong configuration", () => {
    expect(unit).toMatch(/^Type=notify$/m);
    expect(values("NotifyAccess")).toEqual(["all"]);
    expect(Number(values("WatchdogSec")[0])).toBeGreaterThan(0);
    expect(values("Restart")).toEqual(["on-failure"]);
    expect(values("RestartPreventExitStatus")).toEqual(["78"]);
  });

  test("every secret is there as a credential by the name that is read", () => {
    const names = values("LoadCredential").map((value) => value.split(":")[0]);
    expect(names).toEqual([
      "envoy2mqtt.yaml",
      ...SETTINGS.filter(({ secret }) => secret)
        .map(credentialOf)
        .sort((a, b) => names.indexOf(a) - names.indexOf(b)),
    ]);
    expect(names).not.toContain(undefined);
  });

  test("its variables are known, and its command line is ours", () => {
    const known = ["ENVOY2MQTT_CONFIG", ...SETTINGS.map(variableOf)];
    for (const name of values("Environment")
      .map((value) => value.split("=")[0] as string)
      .filter((one) => one.startsWith("ENVOY2MQTT_")))
      expect(known).toContain(name);
    const [, ...words] = (values("ExecStart")[0] as string).split(" ");
    expect(words[0]).toMatch(/dist\/main\.js$/);
    expect(parseCommandLine(words.slice(1)).command).toBe("run");
  });

  test(
    there
      ? "systemd-analyze security rates its exposure 2.0 or better"
      : "systemd-analyze is missing here: only the directives themselves are looked at",
    () => {
      if (!there) {
        for (const line of [
          "DynamicUser=yes",
          "NoNewPrivileges=yes",
          "ProtectSystem=strict",
          "CapabilityBoundingSet=",
          "SystemCallFilter=@system-service",
          "RestrictNamespaces=yes",
        ])
          expect(unit).toContain(`\n${line}\n`);
        return;
      }
      const { status, stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", "--no-pager", path], {
        encoding: "utf8",
        timeout: 30_000,
      });
      expect(stdout).toMatch(/Overall exposure level for envoy2mqtt\.service: [01]\.\d|: 2\.0/);
      expect(status).toBe(0);
    },
  );
});
