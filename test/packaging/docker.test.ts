import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { askHealth } from "../../src/cli/health.ts";
import { SETTINGS, variableOf } from "../../src/config/settings.ts";

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const dockerfile = read("Dockerfile");
const stages = dockerfile.split(/^FROM /m).slice(1);
const last = stages.at(-1) as string;

describe("Dockerfile", () => {
  test("builds in one stage and runs in another, both on Node 24", () => {
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/^node:24-slim\b/);
    expect(stages[0]).toMatch(/npm ci[^\n]*\n/);
    expect(stages[0]).toMatch(/npm run build && npm prune --omit=dev/);
    expect(last).not.toMatch(/\bnpm\b|COPY src/);
  });

  test("runs as a user without a name, and only /state is written", () => {
    expect(last).toMatch(/^USER 65532:65532$/m);
    expect(last).toMatch(/^VOLUME \/state$/m);
    expect(last).toContain("ENVOY2MQTT_STATE_DIR=/state");
    expect(last.indexOf("-o 65532")).toBeLessThan(last.indexOf("USER 65532"));
  });

  test("no secret is built in, and every variable is known", () => {
    const names = [...last.matchAll(/\b(ENVOY2MQTT_\w+)=/g)].map(([, name]) => name as string);
    const known = SETTINGS.filter(({ secret }) => secret !== true).map(variableOf);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(known).toContain(name);
    expect(dockerfile).not.toMatch(/^ARG/m);
  });

  test("its health check and its start are files of the build", () => {
    const command = /CMD (\[.*\])/.exec(last)?.[1] as string;
    const entry = /^ENTRYPOINT (\[.*\])/m.exec(last)?.[1] as string;
    for (const [program, file] of [JSON.parse(command), JSON.parse(entry)] as [string, string][]) {
      expect(program).toBe("node");
      expect(file).toMatch(/^dist\/.*\.js$/);
    }
    for (const [, file] of [JSON.parse(command), JSON.parse(entry)] as [string, string][]) {
      expect(read(file.replace("dist/", "src/").replace(/\.js$/, ".ts"))).toContain("#!/usr/bin/env node");
    }
  });

  test("everything that is copied from here passes .dockerignore, and nothing else does", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*)$/gm)].flatMap(([, words]) => (words as string).split(" ").slice(0, -1));
    expect(copied.toSorted()).toEqual(allowed.toSorted());
  });
});

describe("the health check", () => {
  test.each([
    [200, 0],
    [503, 1],
  ])("/healthz says %d: exit code %d", async (status, code) => {
    const server = createServer((request, response) => {
      expect([request.url, request.headers.host]).toEqual(["/healthz", "localhost"]);
      response.writeHead(status).end("x");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await askHealth({ host: "127.0.0.1", port })).toBe(code);
    expect(await askHealth({ host: "0.0.0.0", port })).toBe(code);
    server.close();
    server.closeAllConnections();
  });

  test("nobody there, or switched off", async () => {
    expect(await askHealth({ host: "127.0.0.1", port: 1 })).toBe(1);
    expect(await askHealth({ host: "::1", port: 1 })).toBe(1);
    expect(await askHealth(null)).toBe(0);
  });
});
