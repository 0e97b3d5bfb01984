import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseFirmware } from "../../src/model/firmware.ts";
import { loadRecording, playRecording } from "../../src/simulator/recording.ts";

const body = "<envoy_info><device><sn> 123 </sn><software>D7.6.175</software></device></envoy_info>";
const file = {
  name: "small",
  responses: {
    "GET /info": { status: 200, content_type: "text/xml", body },
    "GET /ivp/meters?x=1": { status: 500, content_type: "text/html", body: "broken" },
    "GET /admin/lib/tariff": { status: 200, content_type: "application/json", body: "{}" },
  },
};
const facts = (serial = "123", firmware = "7.6.175") => ({ now: 0, serial, firmware: parseFirmware(firmware), role: null });
const ask = (path: string, method = "GET", sent = "", gateway = facts()) =>
  playRecording(file).answer({ method, path, body: sent }, gateway);

describe("a recording", () => {
  it("gives what was recorded, by method, path and query, and nothing else", () => {
    expect(playRecording(file)).toMatchObject({ name: "small", serial: "123", firmware: "7.6.175" });
    expect(ask("/ivp/meters?x=1")).toEqual({ status: 500, contentType: "text/html", body: "broken" });
    expect(ask("/ivp/meters")).toBeNull();
  });

  it("names the serial and firmware that the gateway has now", () => {
    const info = ask("/info", "GET", "", facts("9", "8.3.5433"))?.body;
    expect(info).toContain("<sn>9</sn>");
    expect(info).toContain("<software>D8.3.5433</software>");
  });

  it("answers a write with its own body where the path was recorded", () => {
    expect(ask("/admin/lib/tariff", "PUT", '{"tariff":1}')).toMatchObject({ status: 200, body: '{\n  "tariff": 1\n}\n' });
    expect(ask("/admin/lib/tariff", "PUT", "not json")?.status).toBe(400);
    expect(ask("/elsewhere", "PUT", "{}")).toBeNull();
  });

  it("without /info has no name", () => {
    expect(playRecording({ name: "none", responses: {} })).toMatchObject({ serial: "", firmware: "" });
  });

  it("is loaded from a file; another file is refused by name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "recording-"));
    try {
      await writeFile(join(folder, "good.json"), JSON.stringify(file));
      await writeFile(join(folder, "bad.json"), "[]");
      expect((await loadRecording(join(folder, "good.json"))).serial).toBe("123");
      await expect(loadRecording(join(folder, "bad.json"))).rejects.toThrow(/bad\.json is not a recording/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const recordings =
  process.env["ENVOY_RECORDINGS"] !== undefined ? join(process.env["ENVOY_RECORDINGS"], "recordings") : resolve("../shared/recordings");
describe.runIf(existsSync(recordings))("the recorded gateways", () => {
  it("each have a serial and a firmware", async () => {
    for (const name of readdirSync(recordings).filter((each) => each.endsWith(".json"))) {
      const recording = await loadRecording(join(recordings, name));
      expect([name, recording.serial, recording.firmware]).toEqual([
        name,
        expect.stringMatching(/^\w+$/),
        expect.stringMatching(/^\d+\.\d+\.\d+$/),
      ]);
    }
  });
});
