import { describe, expect, it } from "vitest";
import { parseFirmware } from "../../../src/model/firmware.ts";
import { createScene, type Scene, type SceneOptions } from "../../../src/simulator/scene/scene.ts";
import { midnights, zoneOffset } from "../../../src/simulator/scene/zone.ts";

const START = Date.UTC(2026, 5, 21, 4);
const HOUR = 3_600_000;
const MINUTE = 60_000;

const scene = (options: Partial<SceneOptions> = {}) => createScene({ start: START, ...options });
const body = (of: Scene, path: string, now = START, firmware = of.firmware) =>
  of.answer({ method: "GET", path, body: "" }, { now, serial: of.serial, firmware: parseFirmware(firmware), role: "owner" });
// biome-ignore lint/suspicious/noExplicitAny: documents of many shapes, looked at key by key
const read = (of: Scene, path: string, now = START, firmware = of.firmware): any =>
  JSON.parse(body(of, path, now, firmware)?.body ?? "null");
// biome-ignore lint/suspicious/noExplicitAny: as above
const send = (of: Scene, method: string, path: string, wish: unknown): any => {
  const text = typeof wish === "string" ? wish : JSON.stringify(wish);
  const facts = { now: START, serial: of.serial, firmware: parseFirmware(of.firmware), role: "owner" };
  return of.answer({ method, path, body: text }, facts);
};

/** Wh that a row of powers gives, by the trapezoid rule. */
function integral(of: Scene, path: string, watts: (document: never) => number, until: number, step: number): number {
  let sum = 0;
  let before = watts(read(of, path, START) as never);
  for (let now = START + step; now <= until; now += step) {
    const here = watts(read(of, path, now) as never);
    sum += ((before + here) / 2) * (step / HOUR);
    before = here;
  }
  return sum;
}

describe("a scene's counters", () => {
  it.each([
    { phases: 1 as const, batteries: 0, seed: 1 },
    { phases: 2 as const, batteries: 2, seed: 2 },
    { phases: 3 as const, batteries: 3, seed: 3 },
  ])("never fall and equal the integral of the power shown ($phases phases, $batteries batteries)", (options) => {
    const of = scene(options);
    const until = START + 30 * HOUR;
    const meter = (at: number, key: string) => (now: number) => read(of, "/ivp/meters/readings", now)[at][key] as number;
    const power = (at: number, sign: number) => (document: { activePower: number }[]) =>
      Math.max(0, sign * (document[at]?.activePower ?? 0));
    for (const at of options.batteries > 0 ? [0, 1, 2] : [0, 1]) {
      for (const [key, sign] of [
        ["actEnergyDlvd", 1],
        ["actEnergyRcvd", -1],
      ] as const) {
        const wh = meter(at, key);
        const gained = wh(until) - wh(START);
        // Sums of phases import and export at the same time, so only a house of one phase has both equal.
        if (options.phases === 1 || at !== 1)
          expect(integral(of, "/ivp/meters/readings", power(at, sign), until, 2 * MINUTE)).toBeCloseTo(gained, -1);
        for (let now = START; now < until; now += 21 * MINUTE) expect(wh(now + 21 * MINUTE)).toBeGreaterThanOrEqual(wh(now));
      }
    }
    const net = integral(
      of,
      "/ivp/meters/readings",
      (document: { activePower: number }[]) => document[1]?.activePower ?? 0,
      until,
      2 * MINUTE,
    );
    const counted = (now: number) => meter(1, "actEnergyDlvd")(now) - meter(1, "actEnergyRcvd")(now);
    expect(net).toBeCloseTo(counted(until) - counted(START), -1);
  });

  it("of total consumption never fall, phase by phase, and total is production plus net", () => {
    const of = scene({ batteries: 2 });
    const lines = (now: number) => read(of, "/production.json?details=1", now).consumption[0].lines as { whLifetime: number }[];
    for (let now = START; now < START + 48 * HOUR; now += 11 * MINUTE) {
      const [before, after] = [lines(now), lines(now + 11 * MINUTE)];
      for (const [at, line] of after.entries()) expect(line.whLifetime).toBeGreaterThanOrEqual(before[at]?.whLifetime ?? 0);
      const { production, consumption } = read(of, "/production.json?details=1", now);
      expect(consumption[0].wNow).toBeCloseTo(production[1].wNow + consumption[1].wNow, 1);
    }
  });

  it("are true to the power shown in fast motion too", () => {
    const of = scene({ speed: 480, startHour: 8 });
    const watts = (document: { wattsNow: number }) => document.wattsNow;
    const wh = (now: number) => read(of, "/ivp/meters/readings", now)[0].actEnergyDlvd as number;
    const until = START + 6 * MINUTE;
    expect(integral(of, "/api/v1/production", watts, until, 100)).toBeCloseTo(wh(until) - wh(START), 0);
  });

  it("today and the last seven days begin at local midnight", () => {
    const of = scene();
    const midnight = Date.UTC(2026, 5, 21, 22);
    const today = (now: number) => read(of, "/api/v1/production", now).wattHoursToday as number;
    expect(today(midnight - 1)).toBeGreaterThan(1000);
    expect(today(midnight)).toBe(0);
    const { wattHoursSevenDays, wattHoursLifetime } = read(of, "/api/v1/production", midnight - 1);
    expect(wattHoursSevenDays).toBeGreaterThan(today(midnight - 1));
    expect(wattHoursLifetime).toBeGreaterThan(wattHoursSevenDays);
    expect(read(of, "/production.json?details=1", midnight - 1).production[1].whToday).toBeCloseTo(today(midnight - 1), -1);
  });

  it("are zero for a while after a reboot", () => {
    const of = scene();
    of.zerosUntil(START + MINUTE);
    expect(read(of, "/api/v1/production")).toEqual({ wattHoursToday: 0, wattHoursSevenDays: 0, wattHoursLifetime: 0, wattsNow: 0 });
    expect(read(of, "/api/v1/production/inverters")).toEqual([]);
    expect(read(of, "/api/v1/production", START + MINUTE).wattHoursLifetime).toBeGreaterThan(1e6);
  });

  it("stand still before the scene's past instead of falling", () => {
    const of = scene();
    const wh = (now: number) => read(of, "/api/v1/production", now).wattHoursLifetime as number;
    expect(wh(START - 40 * 24 * HOUR)).toBe(wh(START - 9 * 24 * HOUR));
  });
});

describe("a scene's sun", () => {
  it("is the same for the same seed and another for another", () => {
    const noon = START + 8 * HOUR;
    const watts = (seed: number) => read(scene({ seed }), "/api/v1/production", noon);
    expect(watts(4)).toEqual(watts(4));
    expect(watts(4)).not.toEqual(watts(5));
  });

  it("sets at night, and no inverter gives more than its panel", () => {
    const of = scene({ timeZone: "UTC" });
    expect(read(of, "/api/v1/production", START + 20 * HOUR).wattsNow).toBe(0);
    for (let now = START; now < START + 24 * HOUR; now += HOUR) {
      for (const { lastReportWatts, maxReportWatts } of read(of, "/api/v1/production/inverters", now)) {
        expect(lastReportWatts).toBeLessThanOrEqual(maxReportWatts * 1.1);
      }
    }
  });

  it("rises within the first minute of a demo that starts early", () => {
    const of = scene({ speed: 480, startHour: 6 });
    expect(read(of, "/api/v1/production", START).wattsNow).toBe(0);
    expect(read(of, "/api/v1/production", START + 45_000).wattsNow).toBeGreaterThan(100);
  });
});

describe("a scene's inverters", () => {
  it.each([1, 12, 49, 1000])("%i have serials of their own and share the production", (inverters) => {
    const of = scene({ inverters });
    const now = START + 8 * HOUR;
    const list = read(of, "/api/v1/production/inverters", now) as {
      serialNumber: string;
      lastReportDate: number;
      lastReportWatts: number;
    }[];
    expect(new Set(list.map(({ serialNumber }) => serialNumber)).size).toBe(inverters);
    const sum = list.reduce((total, { lastReportWatts }) => total + lastReportWatts, 0);
    const expected = of.house.at(now - 150_000).production.watts;
    expect(Math.abs(sum - expected)).toBeLessThan(expected * 0.3 + inverters);
    for (const { lastReportDate } of list) expect(now / 1000 - lastReportDate).toBeLessThanOrEqual(300);
  });

  it("F-29: device data hold no more than 50", () => {
    const devices = (inverters: number) => {
      const { deviceCount, deviceDataLimit, ...rest } = read(scene({ inverters }), "/ivp/pdm/device_data");
      return [deviceCount, deviceDataLimit, Object.keys(rest).length];
    };
    expect(devices(12)).toEqual([12, 50, 12]);
    expect(devices(50)).toEqual([50, 50, 50]);
    expect(devices(1000)).toEqual([50, 50, 50]);
  });

  it("lifetime energy in device data adds up to that of the house and never falls", () => {
    const of = scene();
    const joules = (now: number) => {
      const { deviceCount: _, deviceDataLimit: __, ...devices } = read(of, "/ivp/pdm/device_data", now);
      return (Object.values(devices) as { channels: { lifetime: { joulesProduced: number } }[] }[]).map(
        ({ channels }) => channels[0]?.lifetime.joulesProduced ?? 0,
      );
    };
    for (let now = START; now < START + 20 * HOUR; now += 13 * MINUTE) {
      const [before, after] = [joules(now), joules(now + 13 * MINUTE)];
      for (const [at, value] of after.entries()) expect(value).toBeGreaterThanOrEqual(before[at] ?? 0);
    }
    const total = joules(START + 20 * HOUR).reduce((sum, value) => sum + value, 0) / 3600;
    expect(total / of.house.at(START + 20 * HOUR).production.deliveredWh).toBeCloseTo(1, 3);
  });

  it("F-28: can be missing from the lists", () => {
    const of = scene();
    const gone = read(of, "/api/v1/production/inverters")[3].serialNumber as string;
    of.hideInverters([gone]);
    expect(JSON.stringify(read(of, "/ivp/pdm/device_data"))).not.toContain(gone);
    expect(read(of, "/api/v1/production/inverters")).toHaveLength(11);
  });
});

describe("a scene's documents by firmware", () => {
  it("names itself in /info", () => {
    expect(body(scene({ serial: "122302000009" }), "/info")).toMatchObject({
      contentType: "text/xml",
      body: expect.stringContaining("<sn>122302000009</sn>"),
    });
    expect(body(scene(), "/info", START, "8.3.5433")?.body).toMatch(/<software>D8\.3\.5433<\/software>[\s\S]*<web-tokens>/);
    expect(body(scene(), "/info", START, "3.9.36")?.body).toMatch(/<software>R3\.9\.36<\/software>/);
    expect(body(scene({ metered: false }), "/info", START, "5.0.62")?.body).toMatch(/<imeter>false/);
  });

  it.each([
    ["3.9.36", ["/api/v1/production"], ["/ivp/meters", "/home", "/ivp/ensemble/inventory", "/ivp/pdm/device_data"]],
    ["5.0.62", ["/ivp/meters", "/production.json?details=1"], ["/home", "/ivp/pdm/device_data", "/ivp/ss/pel_settings"]],
    ["7.6.175", ["/home", "/ivp/ss/pel_settings", "/production.json"], ["/ivp/ss/dpel"]],
    ["8.3.5289", ["/ivp/pdm/device_data", "/ivp/ss/dpel", "/inventory.json?deleted=1", "/production"], ["/anything"]],
  ])("%s has %j and not %j", (firmware, has, hasNot) => {
    for (const path of has) expect([path, body(scene(), path, START, firmware)?.status]).toEqual([path, 200]);
    for (const path of hasNot) expect([path, body(scene(), path, START, firmware)]).toEqual([path, null]);
  });

  it("refuses device data on firmware 7, and leaves out devType before 4", () => {
    expect(body(scene(), "/ivp/pdm/device_data", START, "7.6.175")?.status).toBe(401);
    expect(read(scene(), "/api/v1/production/inverters", START, "3.9.36")[0]).not.toHaveProperty("devType");
    expect(read(scene(), "/ivp/ss/pel_settings", START, "7.6.175")).toEqual({ PEL: false });
  });

  it("F-27: gives net consumption as total from 8.3.5433 on, and the lifetime as today", () => {
    const of = scene();
    const { consumption, production } = read(of, "/production.json?details=1", START + 8 * HOUR, "8.3.5433");
    expect(consumption[0]).toEqual({ ...consumption[1], measurementType: "total-consumption" });
    expect(production[1].whToday).toBe(production[1].whLifetime);
  });

  it("without CTs: meters disabled, sections dead, V1 frozen from 8.2.4264 on", () => {
    const of = scene({ ct: "none" });
    expect(read(of, "/ivp/meters").map(({ state }: { state: string }) => state)).toEqual(["disabled", "disabled"]);
    expect(read(of, "/ivp/meters/readings")[0].activePower).toBe(0);
    const { production, consumption } = read(of, "/production.json?details=1");
    expect([production[1].activeCount, consumption[0].activeCount, production[0].activeCount]).toEqual([0, 0, 12]);
    expect(read(of, "/api/v1/production", START + 8 * HOUR).wattsNow).toBe(4);
    expect(read(of, "/api/v1/production", START + 8 * HOUR, "8.2.127").wattsNow).toBeGreaterThan(100);
    expect(read(scene({ metered: false }), "/production.json")).toHaveProperty("production.length", 1);
    expect(read(scene({ metered: false }), "/ivp/meters")).toEqual([]);
  });

  it("with a production CT only", () => {
    const of = scene({ ct: "production", phases: 1 });
    expect(read(of, "/ivp/meters").map(({ state }: { state: string }) => state)).toEqual(["enabled", "disabled"]);
    expect(read(of, "/ivp/meters/readings")[0].channels).toHaveLength(1);
    expect(read(of, "/production.json?details=1").consumption[0].activeCount).toBe(0);
  });

  it("phases add up to their meter", () => {
    for (const phases of [2, 3] as const) {
      for (const { channels, activePower, actEnergyDlvd } of read(
        scene({ phases, batteries: 1 }),
        "/ivp/meters/readings",
        START + 9 * HOUR,
      )) {
        expect(channels).toHaveLength(3);
        const sum = (key: string) => channels.reduce((total: number, channel: Record<string, number>) => total + (channel[key] ?? 0), 0);
        expect(sum("activePower")).toBeCloseTo(activePower, 1);
        expect(sum("actEnergyDlvd")).toBeCloseTo(actEnergyDlvd, 1);
      }
    }
  });
});

describe("a scene with batteries", () => {
  it("charge follows power and stays between empty and full", () => {
    const of = scene({ batteries: 2, phases: 2 });
    for (let now = START; now < START + 48 * HOUR; now += 30 * MINUTE) {
      const [before, after] = [of.house.at(now), of.house.at(now + 30 * MINUTE)];
      expect(before.soc).toBeGreaterThanOrEqual(9.99);
      expect(before.soc).toBeLessThanOrEqual(95);
      const discharged = after.storage.deliveredWh - before.storage.deliveredWh - (after.storage.receivedWh - before.storage.receivedWh);
      expect(after.soc - before.soc).toBeCloseTo((-100 * discharged) / 10_000, 3);
    }
  });

  it("shows them in the inventory, secctrl and power", () => {
    const of = scene({ batteries: 2 });
    const now = START + 8 * HOUR;
    expect(
      read(of, "/ivp/ensemble/inventory").map(({ type, devices }: { type: string; devices: object[] }) => [type, devices.length]),
    ).toEqual([
      ["ENCHARGE", 2],
      ["ENPOWER", 1],
    ]);
    const power = read(of, "/ivp/ensemble/power", now)["devices:"];
    expect(power).toHaveLength(2);
    expect(power[0].real_power_mw).toBeLessThan(0);
    expect(read(of, "/ivp/ensemble/secctrl", now)).toMatchObject({
      Enc_max_available_capacity: 10_000,
      configured_backup_soc: 10,
      agg_soc: power[0].soc,
    });
    expect(read(scene(), "/ivp/ensemble/inventory")).toEqual([]);
    expect(read(scene(), "/ivp/ensemble/power")).toEqual({ "devices:": [] });
    expect(read(scene(), "/ivp/ensemble/secctrl")).toMatchObject({ ENC_agg_soh: 0 });
  });

  it("does what it is told", () => {
    const of = scene({ batteries: 1, generator: true });
    send(of, "POST", "/ivp/ensemble/relay", { mains_admin_state: "open" });
    expect(read(of, "/ivp/ensemble/relay")).toMatchObject({ mains_oper_state: "open" });
    expect(read(of, "/ivp/ensemble/inventory")[1].devices[0].Enpwr_grid_mode).toBe("multimode-offgrid");
    send(of, "POST", "/ivp/ensemble/dry_contacts", { dry_contacts: { id: "NC1", status: "open" } });
    expect(read(of, "/ivp/ensemble/dry_contacts").dry_contacts[0]).toEqual({ id: "NC1", status: "open" });
    const settings = { ...read(of, "/ivp/ss/dry_contact_settings").dry_contacts[1], load_name: "Pool" };
    send(of, "POST", "/ivp/ss/dry_contact_settings", { dry_contacts: settings });
    expect(read(of, "/ivp/ss/dry_contact_settings").dry_contacts[1].load_name).toBe("Pool");
    const { tariff } = read(of, "/admin/lib/tariff");
    send(of, "PUT", "/admin/lib/tariff", { tariff: { ...tariff, storage_settings: { ...tariff.storage_settings, reserved_soc: 40 } } });
    expect(read(of, "/ivp/ensemble/secctrl").configured_backup_soc).toBe(40);
    send(of, "POST", "/ivp/ss/gen_mode", { gen_cmd: "on" });
    expect(read(of, "/ivp/ensemble/generator")).toMatchObject({ oper_state: "closed", present: 1 });
    send(of, "POST", "/ivp/ss/gen_config", { charge_from_generator: false });
    expect(read(of, "/ivp/ss/gen_config").charge_from_generator).toBe(false);
    send(of, "POST", "/ivp/ss/gen_schedule", { default_soc: { start_soc: 20, stop_soc: 80 } });
    expect(read(of, "/ivp/ss/gen_schedule").default_soc.start_soc).toBe(20);
    expect(send(of, "POST", "/ivp/elsewhere", {})).toBeNull();
    expect(send(of, "POST", "/ivp/ensemble/relay", "not json").status).toBe(400);
  });

  it("without a generator says so", () => {
    const of = scene({ batteries: 1 });
    expect([read(of, "/ivp/ss/gen_config"), read(of, "/ivp/ss/gen_mode"), read(of, "/ivp/ss/gen_schedule")]).toEqual([{}, {}, {}]);
    expect(read(of, "/ivp/ensemble/generator")).toMatchObject({ present: 0, admin_state: "unknown" });
  });
});

describe("local time", () => {
  it("knows a zone's offset in summer and winter", () => {
    expect(zoneOffset("Europe/Amsterdam", Date.UTC(2026, 6, 1))).toBe(2 * HOUR);
    expect(zoneOffset("Europe/Amsterdam", Date.UTC(2026, 0, 1))).toBe(HOUR);
    expect(zoneOffset("America/St_Johns", Date.UTC(2026, 0, 1))).toBe(-3.5 * HOUR);
  });

  it("F-26: finds midnight on the days when clocks change", () => {
    const midnight = midnights("Europe/Amsterdam");
    expect(midnight(Date.UTC(2026, 2, 29, 12), 0)).toBe(Date.UTC(2026, 2, 28, 23));
    expect(midnight(Date.UTC(2026, 2, 29, 12), -1)).toBe(Date.UTC(2026, 2, 29, 22));
    expect(midnight(Date.UTC(2026, 9, 25, 12), 0)).toBe(Date.UTC(2026, 9, 24, 22));
    expect(midnight(Date.UTC(2026, 9, 25, 12), -1)).toBe(Date.UTC(2026, 9, 25, 23));
  });
});
