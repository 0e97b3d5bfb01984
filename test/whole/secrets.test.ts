import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ACCOUNT, startWorld } from "../support/world.ts";

const MQTT_PASSWORD = "mqtt-secret-7531";

test("no secret leaves the process: log, MQTT, page, metrics and files besides the token's", async () => {
  const world = await startWorld({ factor: 10, env: { MQTT_USERNAME: "bridge", MQTT_PASSWORD } });
  try {
    const { watch, topic, directory, bridge } = world;
    await watch.until("online", () => watch.last(topic("availability")) === "online");
    world.gateway.status("/auth/check_jwt", 503);
    world.gateway.loseSessions();
    world.clock.pace(60);
    await watch.until("trouble", () => watch.history(topic("lifecycle")).length > 6);
    world.gateway.clearFaults();
    const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const files = await Promise.all(
      names.map(async ({ name, parentPath }) => ({ name, text: await readFile(join(parentPath, name), "utf8") })),
    );
    const token = files.map(({ text }) => /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(text)?.[0]).find((found) => found !== undefined) ?? "";
    expect(token).not.toBe("");
    const pages = await Promise.all(
      ["/", "/metrics", "/healthz"].map(async (path) => (await fetch(`http://127.0.0.1:${bridge.web?.address.port}${path}`)).text()),
    );
    const out = [
      ...world.log.map(
        ({ message, fields }) =>
          `${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? `${value.message} ${value.stack} ${JSON.stringify({ ...value })}` : value))}`,
      ),
      ...watch.heard.map((one) => `${one.topic} ${one.payload}`),
      ...files.filter(({ text }) => !text.includes(token)).map(({ name, text }) => `${name} ${text}`),
      ...pages,
    ];
    expect(files.filter(({ text }) => text.includes(token))).toHaveLength(1);
    const [, , signature = ""] = token.split(".");
    for (const secret of [
      token,
      signature,
      ACCOUNT.password,
      encodeURIComponent(ACCOUNT.password),
      MQTT_PASSWORD,
      "sessionId=",
      "session_id",
    ]) {
      expect(out.filter((text) => text.includes(secret))).toEqual([]);
    }
  } finally {
    await world.end();
  }
});
