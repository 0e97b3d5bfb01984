import { describe, expect, it } from "vitest";
import { startDemo } from "../../src/simulator/demo-scene.ts";
import { request } from "./support.ts";

describe("the demo", () => {
  it("has a cloud whose tokens its gateway takes, for its own gateway only", async () => {
    const demo = await startDemo({ inverters: 3, tokenLifetimeMs: 60_000, random: Math.random });
    try {
      const form = new URLSearchParams({ "user[email]": demo.username, "user[password]": demo.password }).toString();
      const session = JSON.parse((await request(demo.loginUrl, { method: "POST", body: form, ca: demo.ca })).body)["session_id"];
      const ask = (serial: string) =>
        request(demo.tokenUrl, { method: "POST", body: JSON.stringify({ session_id: session, serial_num: serial }), ca: demo.ca });
      const token = (await ask(demo.scene.serial)).body;
      const headers = { authorization: `Bearer ${token}` };
      expect((await request(`${demo.host}/auth/check_jwt`, { headers })).status).toBe(200);
      const inverters = await request(`${demo.host}/api/v1/production/inverters`, { headers });
      expect(JSON.parse(inverters.body)).toHaveLength(3);
      expect((await ask("other")).status).toBe(403);
    } finally {
      await demo.close();
    }
  });

  it("shows power that changes by the second", async () => {
    let now = Date.UTC(2026, 10, 25, 20);
    const demo = await startDemo({ clock: { now: () => now } });
    try {
      const watts = () => demo.scene.house.at(now).production.watts;
      const before = watts();
      now += 5000;
      expect(Math.abs(watts() - before)).toBeGreaterThan(1);
      expect(before).toBeGreaterThan(0);
    } finally {
      await demo.close();
    }
  });

  it("refuses a time zone that does not exist", async () => {
    await expect(startDemo({ inverters: 1, timeZone: "No/Where" })).rejects.toThrow(RangeError);
  });
});
