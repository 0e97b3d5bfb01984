import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCloudCore } from "../../src/simulator/cloud-core.ts";
import { drawScript, playScript, type ScriptedTrouble } from "../../src/simulator/fault-script.ts";
import { createGatewayCore } from "../../src/simulator/gateway-core.ts";
import { createInProcessHttp, type SimulatedServer } from "../../src/simulator/in-process-http.ts";
import { seededRandom } from "../../src/simulator/scene/random.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";
import { readClaims } from "../../src/simulator/token.ts";
import { TROUBLES } from "../../src/simulator/troubles.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

function world() {
  const clock = createVirtualClock();
  const cloud = createCloudCore({ accounts: [{ email: "a@example.com", password: "b" }], clock, random: () => 0 });
  const scene = createScene({ start: clock.now() });
  const gateway = createGatewayCore({ content: scene, clock, random: () => 0, trustedKey: cloud.key.publicKey });
  return { clock, cloud, scene, gateway, now: clock.now };
}

/** What a client sees now: status, body and duration of the main paths' answers, or the code of the failure. */
async function look(at: ReturnType<typeof world>): Promise<readonly unknown[]> {
  const authorization = `Bearer ${at.cloud.issueToken(at.scene.serial, { iat: at.now() - 5000 })}`;
  const since = at.now();
  const patience = new AbortController();
  void at.clock.sleep(HOUR).then(() => patience.abort());
  const ask = (server: SimulatedServer, method: string, path: string, body: string | null) => {
    const http = createInProcessHttp({ server, clock: at.clock, scheme: "https", readMs: 60_000 });
    const answer = http.exchange({ method, path, headers: { authorization }, body }, patience.signal);
    return answer.then(
      (reply) => ({ status: reply.status, body: Buffer.from(reply.body).toString(), took: at.now() - since }),
      (error) => ({ status: error.code ?? error.name, body: "", took: at.now() - since }),
    );
  };
  const paths = [
    "/ivp/meters",
    "/ivp/meters/readings",
    "/production.json?details=1",
    "/api/v1/production/inverters",
    "/ivp/pdm/device_data",
  ];
  const form = new URLSearchParams({ "user[email]": "a@example.com", "user[password]": "b" }).toString();
  const login = ask(at.cloud, "POST", "/login/login.json", form);
  const token = login.then(async ({ body }) => {
    const session = /"session_id":"(\w+)"/.exec(body)?.[1] ?? "";
    const answer = await ask(at.cloud, "POST", "/tokens", JSON.stringify({ session_id: session, serial_num: at.scene.serial }));
    const claims = readClaims(answer.body);
    return { ...answer, body: claims === null ? answer.body.slice(0, 50) : { ...claims, jti: "" } };
  });
  const seen = [
    ...["/ivp/meters", "/auth/check_jwt", "/info", ...paths].map((path) => ask(at.gateway, "GET", path, null)),
    login.then((answer) => ({ ...answer, body: answer.body.replace(/"session_id":"\w+"/, "") })),
    token,
  ];
  await at.clock.advance(2 * HOUR);
  return Promise.all(seen);
}

describe("scripts of troubles", () => {
  it("follow from their randomness, overlap, and have ended in time", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const options = { from: 1000, until: 1000 + 30 * DAY, perDay: 3 };
        const script = drawScript(seededRandom(seed), options);
        expect(script).toEqual(drawScript(seededRandom(seed), options));
        expect(script).toHaveLength(90);
        for (const [at, { from, until, name }] of script.entries()) {
          expect(from).toBeGreaterThanOrEqual(script[at - 1]?.from ?? options.from);
          expect(until).toBeGreaterThanOrEqual(from);
          expect(until).toBeLessThanOrEqual(options.until);
          expect(TROUBLES[name]).toBeDefined();
        }
      }),
      { numRuns: 20 },
    );
  });

  it("happen at their times and leave nothing behind", async () => {
    const at = world();
    const script = drawScript(seededRandom(3), { from: at.now() + 1000, until: at.now() + 10 * DAY, perDay: 6 });
    const told: string[] = [];
    const note = (what: string, { from, until }: ScriptedTrouble) => {
      expect(at.now()).toBe(what === "begins" ? from : until);
      told.push(what);
    };
    const playing = playScript(script, at, at.clock, new AbortController().signal, note);
    await at.clock.advance(11 * DAY);
    await playing;
    expect(told.filter((what) => what === "begins")).toHaveLength(60);
    expect(told.filter((what) => what === "ends")).toHaveLength(60);
    expect(at.gateway.accepts("https")).toBe(true);
    expect(at.gateway.serial).toBe(at.scene.serial);
  });

  it("end at once when stopped", async () => {
    const at = world();
    const stop = new AbortController();
    const script = [{ name: "connections refused", from: at.now(), until: at.now() + DAY, seed: 0 }];
    const playing = playScript(script, at, at.clock, stop.signal);
    await at.clock.advance(HOUR);
    expect(at.gateway.accepts("https")).toBe(false);
    stop.abort();
    await expect(playing).rejects.toThrow();
    expect(at.gateway.accepts("https")).toBe(true);
    await playScript([{ name: "no such trouble", from: 0, until: 0, seed: 0 }], at, at.clock, new AbortController().signal);
  });

  it.each(Object.keys(TROUBLES))("%s is seen from outside, and gone afterwards", async (name) => {
    const [healthy, troubled] = [world(), world()];
    // Into the minute in which the nightly hang comes.
    for (const each of [healthy, troubled]) await each.clock.advance(11 * HOUR + 70_000);
    const trouble = TROUBLES[name];
    expect(trouble?.row).toMatch(/^F-\d\d$/);
    const end = trouble?.begin(troubled, () => 0.3);
    expect(await look(troubled)).not.toEqual(await look(healthy));
    end?.();
    healthy.gateway.setFirmware(troubled.gateway.firmware.text);
    for (const each of [healthy, troubled]) {
      await each.clock.advance(2 * HOUR);
      // The first look checks the token, so that sessions stand again.
      await look(each);
    }
    expect(await look(troubled)).toEqual(await look(healthy));
  });
});
