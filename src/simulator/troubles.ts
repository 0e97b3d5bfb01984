import type { CloudCore, TokenTrouble } from "./cloud-core.ts";
import { daily, type End, type Fault } from "./faults.ts";
import type { GatewayCore } from "./gateway-core.ts";
import type { Scene } from "./scene/scene.ts";

/** What troubles happen to. */
export interface World {
  readonly gateway: GatewayCore;
  readonly cloud: CloudCore;
  readonly scene: Scene;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One kind of trouble of the field. */
export interface Trouble {
  /** Row of the failure table. */
  readonly row: string;
  /** How long it lasts at most, ms. */
  readonly longestMs: number;
  /** `random` gives 0 to 1, for what the trouble leaves open. Gives what ends it. */
  readonly begin: (world: World, random: () => number) => End;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const nothing: End = () => {};

const gatewayFault =
  (fault: Fault): Trouble["begin"] =>
  ({ gateway }) =>
    gateway.fault(fault);
const cloudFault =
  (fault: Fault): Trouble["begin"] =>
  ({ cloud }) =>
    cloud.fault(fault);
const one = <T>(choices: readonly [T, ...T[]], random: () => number): T => choices[Math.floor(random() * choices.length)] ?? choices[0];

const FIRMWARES = ["7.6.175", "8.2.4264", "8.3.5169", "8.3.5289", "8.3.5433"] as const;
const PATHS = ["/ivp/meters/readings", "/ivp/meters", "/production.json", "/api/v1/production/inverters", "/ivp/pdm/device_data"] as const;
const BROKEN = ["", "<html></html>", "NaN", '{"a":1}{"a":2}', "\u0000", '[{"eid":1e999}]', "null", "[]", "{}", '{"production":'] as const;
const TOKENS: readonly [TokenTrouble, ...TokenTrouble[]] = ["other-serial", "expired", "not-a-token", "empty", "html", "huge"];

/** A firmware update: tokens of before are refused, and the gateway is away for a while. */
function update({ gateway }: World, random: () => number): End {
  gateway.refuseTokens();
  gateway.setFirmware(one(FIRMWARES, random));
  gateway.reboot(Math.floor((1 + 4 * random()) * MINUTE));
  return nothing;
}

function zeros({ gateway, scene, now }: World): End {
  gateway.reboot(MINUTE);
  scene.zerosUntil(now() + 5 * MINUTE);
  return nothing;
}

function nightly({ gateway }: World): End {
  return gateway.fault({ kind: "hang", path: "/ivp/pdm/device_data", when: daily(23 * 60 + 1, 85_000) });
}

function missingInverter({ scene }: World, random: () => number): End {
  const missing = scene.inverterSerials[Math.floor(random() * scene.inverterSerials.length)];
  scene.hideInverters(missing === undefined ? [] : [missing]);
  return () => scene.hideInverters([]);
}

/** Every kind, by a name that reports and logs use. */
export const TROUBLES: Readonly<Record<string, Trouble>> = {
  "firmware update": { row: "F-01", longestMs: 1, begin: update },
  "sessions lost": {
    row: "F-02",
    longestMs: 1,
    begin: ({ gateway }) => {
      gateway.loseSessions();
      return nothing;
    },
  },
  "401 now and then": { row: "F-03", longestMs: 2 * HOUR, begin: gatewayFault({ kind: "status", status: 401, share: 0.3 }) },
  "power cut": {
    row: "F-04",
    longestMs: 1,
    begin: ({ gateway }, random) => {
      gateway.reboot(Math.floor(10 * MINUTE * random()));
      return nothing;
    },
  },
  "every token refused": { row: "F-05", longestMs: DAY, begin: ({ gateway }) => gateway.refuseTokens("all") },
  "one path refused": {
    row: "F-06",
    longestMs: 6 * HOUR,
    begin: ({ gateway }, random) => gateway.fault({ kind: "status", status: random() < 0.5 ? 401 : 403, path: one(PATHS, random) }),
  },
  "slow answers": {
    row: "F-08",
    longestMs: 6 * HOUR,
    begin: ({ gateway }, random) => gateway.fault({ kind: "slow", ms: Math.floor(50_000 * random()) }),
  },
  "nightly hang": { row: "F-09", longestMs: 3 * DAY, begin: nightly },
  "connections refused": { row: "F-10", longestMs: 8 * HOUR, begin: gatewayFault({ kind: "offline" }) },
  "crash on one path": {
    row: "F-12",
    longestMs: DAY,
    begin: gatewayFault({ kind: "crash", ms: 2 * MINUTE, path: "/ivp/pdm/device_data" }),
  },
  "resource busy": { row: "F-13", longestMs: 10 * MINUTE, begin: gatewayFault({ kind: "status", status: 503 }) },
  "proxy error": { row: "F-14", longestMs: HOUR, begin: gatewayFault({ kind: "status", status: 504 }) },
  "cut bodies": { row: "F-15", longestMs: HOUR, begin: gatewayFault({ kind: "truncate", share: 0.5 }) },
  "two lengths": { row: "F-16", longestMs: HOUR, begin: gatewayFault({ kind: "two-lengths" }) },
  "connections reset": { row: "F-17", longestMs: 2 * HOUR, begin: gatewayFault({ kind: "reset", share: 0.5 }) },
  "no answers": { row: "F-17", longestMs: 4 * HOUR, begin: gatewayFault({ kind: "hang" }) },
  "headers, then silence": { row: "F-18", longestMs: HOUR, begin: gatewayFault({ kind: "stall", share: 0.5 }) },
  "dripping bodies": { row: "F-18", longestMs: HOUR, begin: gatewayFault({ kind: "drip" }) },
  "endless bodies": { row: "F-19", longestMs: HOUR, begin: gatewayFault({ kind: "endless" }) },
  "redirects away": { row: "F-20", longestMs: HOUR, begin: gatewayFault({ kind: "redirect", to: "https://localhost/info" }) },
  "broken documents": {
    row: "F-23",
    longestMs: 2 * HOUR,
    begin: ({ gateway }, random) => gateway.fault({ kind: "body", body: one(BROKEN, random), path: one(PATHS, random) }),
  },
  "zeros after a reboot": { row: "F-24", longestMs: 1, begin: zeros },
  "an inverter missing": { row: "F-28", longestMs: 6 * HOUR, begin: missingInverter },
  "another gateway answers": {
    row: "F-31",
    longestMs: 3 * HOUR,
    begin: ({ gateway, scene }) => {
      const becomes = (serial: string) => {
        gateway.setSerial(serial);
        // Nobody is logged in there.
        gateway.loseSessions();
      };
      becomes("199900000001");
      return () => becomes(scene.serial);
    },
  },
  "login refused": {
    row: "F-35",
    longestMs: 2 * DAY,
    begin: cloudFault({ kind: "status", status: 401, path: "/login/login.json", body: "{}" }),
  },
  "rate limit": { row: "F-36", longestMs: DAY, begin: ({ cloud }, random) => cloud.limitRate(Math.floor(3600 * random())) },
  "login wall": { row: "F-37", longestMs: DAY, begin: ({ cloud }) => cloud.wall() },
  "second factor on": {
    row: "F-38",
    longestMs: DAY,
    begin: cloudFault({ kind: "body", body: '{"success":true,"isBlocked":false}', path: "/login/login.json" }),
  },
  "token service down": { row: "F-40", longestMs: 20 * DAY, begin: cloudFault({ kind: "status", status: 500, path: "/tokens" }) },
  "useless tokens": { row: "F-41", longestMs: DAY, begin: ({ cloud }, random) => cloud.spoilTokens(one(TOKENS, random)) },
  "cloud away": { row: "F-44", longestMs: 5 * DAY, begin: cloudFault({ kind: "offline" }) },
  "cloud hangs": { row: "F-44", longestMs: HOUR, begin: cloudFault({ kind: "hang" }) },
  "gateway clock wrong": {
    row: "F-48",
    longestMs: 2 * DAY,
    begin: ({ gateway }, random) => {
      gateway.setClockSkew(Math.floor((random() - 0.5) * 4 * DAY));
      return () => gateway.setClockSkew(0);
    },
  },
};
