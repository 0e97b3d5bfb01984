import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { catalogue, createCatalogue } from "../../src/entities/catalogue.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import type { JsonScalar } from "../../src/model/json.ts";
import type { GroupName, Groups } from "../../src/model/snapshot.ts";
import type { Entity, View } from "../../src/model/view.ts";
import { factsOf, inverterOf, inverters, NOW, powerEnergy, SERIAL, snapshotOf } from "./facts.ts";
import { ctGroup, EVERYTHING, GROUPS } from "./house.ts";

function payloadOf(view: View, path: string): { readonly [key: string]: JsonScalar } {
  const state = view.states.find((state) => state.path === path);
  if (state === undefined) throw new Error(`no topic ${path}: ${view.states.map(({ path }) => path)}`);
  return state.payload;
}

function entitiesOf(view: View): readonly Entity[] {
  return view.devices.flatMap(({ entities }) => entities);
}

function entityOf(view: View, id: string): Entity {
  const entity = entitiesOf(view).find(({ defaultEntityId }) => defaultEntityId === id);
  if (entity === undefined) throw new Error(`no entity ${id}`);
  return entity;
}

const HEALTH = [{ source: "pel settings", lastSuccess: NOW, failures: 0, replyMs: 123.4, lastError: null }];
const house = () => factsOf({ capabilities: EVERYTHING, groups: GROUPS, health: HEALTH });
/** Topics that other parts of the bridge publish. */
const ELSEWHERE = ["lifecycle", "event"];

describe("topics", () => {
  const view = catalogue(house());

  test("are one for each group and one for each device", () => {
    expect(view.states.map(({ path }) => path)).toEqual([
      "info",
      "diagnostics",
      "tariff",
      "production",
      "energy",
      "consumption",
      "meter/production",
      "meter/net-consumption",
      "meter/storage",
      "grid",
      "battery",
      "inverter/482200000000",
      "inverter/482200000001",
      "inverter/482200000002",
      "battery/122100000001",
      "battery/122100000002",
      "system_controller/122000000009",
      "storage",
      "relay/nc1",
      "relay/no1",
      "relay/no2",
      "collar/482500000001",
      "combiner/482500000002",
      "ac_battery",
      "ac_battery/121800000001",
      "ac_battery/121800000002",
      "generator",
      "pel_settings",
      "pv_limit",
      "dpel",
    ]);
  });

  test("say how long they are true: live 300 s, devices 30 min, energy for good", () => {
    const expiries = Object.fromEntries(view.states.map(({ path, expiry }) => [path, expiry]));
    expect(expiries).toMatchObject({
      production: 300,
      grid: 300,
      "meter/storage": 300,
      energy: null,
      info: null,
      "inverter/482200000000": 1800,
      storage: 2700,
    });
    const slow = catalogue({ ...house(), options: { intervals: { meters: 120, production: 600, inverters: 900, inventory: 900 } } });
    const slower = Object.fromEntries(slow.states.map(({ path, expiry }) => [path, expiry]));
    expect(slower).toMatchObject({ production: 3000, "meter/storage": 600, "inverter/482200000000": 2700 });
  });

  test("energy is sent at least once, live values at most once; all are retained", () => {
    expect(view.states.filter(({ qos }) => qos === 1).map(({ path }) => path)).toEqual(["info", "energy"]);
    expect(view.states.every(({ retain }) => retain)).toBe(true);
  });

  test("have flat snake_case keys and say when they were measured", () => {
    for (const { payload, path } of view.states) {
      expect(payload["ts"], path).toBe("2026-11-25T12:00:00.000Z");
      expect(
        Object.keys(payload).filter((key) => !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(key)),
        path,
      ).toEqual([]);
    }
  });
});

describe("values", () => {
  const view = catalogue(house());

  test("of production are W whole and kWh with three decimals, phases in front", () => {
    expect(payloadOf(view, "production")).toEqual({
      ts: "2026-11-25T12:00:00.000Z",
      power: 3001,
      l1_power: 1001,
      l2_power: 1000,
      l3_power: 1000,
      energy_today: 1.234,
      l1_energy_today: 1.234,
      l2_energy_today: 1.234,
      l3_energy_today: 1.234,
      energy_seven_days: 56.789,
      l1_energy_seven_days: 56.789,
      l2_energy_seven_days: 56.789,
      l3_energy_seven_days: 56.789,
      gateway_energy_today: 1.234,
      l1_gateway_energy_today: 1.234,
      l2_gateway_energy_today: 1.234,
      l3_gateway_energy_today: 1.234,
      gateway_energy_seven_days: 56.789,
      l1_gateway_energy_seven_days: 56.789,
      l2_gateway_energy_seven_days: 56.789,
      l3_gateway_energy_seven_days: 56.789,
    });
  });

  test("of energy are the guarded counters", () => {
    expect(payloadOf(view, "energy")).toMatchObject({
      production_kwh: 1000,
      consumption_kwh: 2000,
      meter_net_consumption_delivered_kwh: 9000.001,
      l2_meter_net_consumption_received_kwh: 4000.002,
      grid_import_kwh: 9000.001,
      grid_export_kwh: 4000.002,
      grid_energy_estimated: false,
      battery_charged_kwh: 4000.002,
      battery_discharged_kwh: 9000.001,
      battery_energy_estimated: false,
      balanced_net_kwh: 345.678,
    });
  });

  test("of the grid are positive on import, and there without a sign", () => {
    expect(payloadOf(view, "grid")).toMatchObject({
      power: -1500,
      l1_power: -500,
      import_power: 0,
      export_power: 1500,
      power_source: "net-consumption CT",
      connected: true,
      balanced_power: -1499,
      balanced_import_power: 0,
      balanced_export_power: 1499,
    });
  });

  test("of the batteries are positive on discharge, from the storage CT", () => {
    expect(payloadOf(view, "battery")).toMatchObject({
      power: -750,
      charge_power: 750,
      discharge_power: 0,
      power_source: "storage CT",
      charge: 61,
      capacity: 7000,
    });
  });

  test("of a battery are W and VA of milliwatts", () => {
    expect(payloadOf(view, "battery/122100000001")).toMatchObject({
      power: -1084.5,
      apparent_power: 1090,
      charge: 62,
      dc_switch: true,
      communicating: true,
    });
  });

  test("of a relay, a collar and storage are the words of Home Assistant", () => {
    expect(payloadOf(view, "relay/nc1")).toMatchObject({
      closed: true,
      mode: "battery",
      grid_action: "powered",
      microgrid_action: "schedule",
      generator_action: "not_powered",
    });
    expect(payloadOf(view, "relay/no2")).toMatchObject({ closed: null, mode: null, soc_low: null });
    expect(payloadOf(view, "collar/482500000001")).toMatchObject({ admin_state: "on_grid", mid_state: "close" });
    expect(payloadOf(view, "storage")).toMatchObject({ mode: "savings", charge_from_grid: true, reserved_charge: 20 });
  });

  test("of AC batteries together follow from each of them", () => {
    expect(payloadOf(view, "ac_battery")).toMatchObject({ power: 260, sleep_state: "awake", sleep_band: "25-30", state: "discharging" });
    const [first, second] = [...GROUPS.acBatteries.values()] as const;
    const states = (a: typeof first, b: typeof second) =>
      payloadOf(
        catalogue(
          factsOf({
            capabilities: EVERYTHING,
            groups: {
              acBatteries: new Map([
                ["a", a!],
                ["b", b!],
              ]),
            },
          }),
        ),
        "ac_battery",
      )["sleep_state"];
    expect(states(first, { ...second!, sleepState: "asleep" })).toBe("mixed");
    expect(states({ ...first!, sleepState: "going_to_sleep" }, { ...second!, sleepState: "waking" })).toBe("going_to_sleep");
    expect(states(first, { ...second!, sleepState: "waking" })).toBe("waking");
    expect(states({ ...first!, sleepState: null }, { ...second!, sleepState: null })).toBe(null);
  });

  test("of a generator: no level below 0, time of day, kW", () => {
    expect(payloadOf(view, "generator")).toMatchObject({
      start_soc: 30,
      stop_soc: null,
      exercise_start_time: "15:45:00",
      nameplate_rating: 22,
      schedule_enabled: true,
    });
  });

  test("of the export limit are flat", () => {
    expect(payloadOf(view, "pel_settings")).toMatchObject({ pel: false, export_limit_type: "Aggregate", pel_limit: 0 });
    expect(payloadOf(view, "dpel")).toMatchObject({
      dynamic_pel_settings_enable: true,
      dynamic_pel_settings_limit_value_w: 50,
      dynamic_pel_settings_slots: "[1,2]",
    });
  });

  test("of the gateway itself", () => {
    expect(payloadOf(view, "info")).toMatchObject({
      firmware: "8.3.1598",
      meters: "production,net-consumption,storage",
      timezone: "Europe/Berlin",
      phases: 3,
    });
    expect(payloadOf(view, "info")["capabilities"]).toContain("ac_battery_inventory");
  });

  test("an unknown word of an enum, and what is no number, are unknown", () => {
    const strange = { ...GROUPS.acb, state: "exploding", power: Number.NaN };
    const payload = payloadOf(catalogue(factsOf({ capabilities: EVERYTHING, groups: { acb: strange } })), "ac_battery");
    expect(payload).toMatchObject({ state: null, power: null });
  });
});

describe("names", () => {
  const view = catalogue(house());

  test("entity ids and unique ids are those of Home Assistant's own integration", () => {
    expect(entityOf(view, `sensor.envoy_${SERIAL}_current_power_production`).uniqueId).toBe(`envoy2mqtt_${SERIAL}_production`);
    expect(entityOf(view, `sensor.envoy_${SERIAL}_current_power_production_l2`)).toMatchObject({
      id: "production_l2",
      enabledByDefault: false,
    });
    expect(entityOf(view, "sensor.inverter_482200000000")).toMatchObject({ uniqueId: "envoy2mqtt_482200000000", name: null });
    expect(entityOf(view, "sensor.encharge_122100000001_battery")).toMatchObject({ name: undefined, key: "charge" });
    expect(entityOf(view, "binary_sensor.enpower_122000000009_grid_enabled").uniqueId).toBe("envoy2mqtt_122000000009_mains_admin_state");
    expect(entityOf(view, "binary_sensor.warmepumpe").uniqueId).toBe("envoy2mqtt_122000000009_relay_NC1_relay_status");
    expect(entityOf(view, "sensor.enpower_122000000009_reserve_battery_level").uniqueId).toBe("envoy2mqtt_122000000009_reserve_soc");
  });

  test("a contact without a name is called as Home Assistant calls it; without settings it has its id", () => {
    expect(entityOf(view, "sensor.generator_action").uniqueId).toBe("envoy2mqtt_122000000009_relay_NO1_generator_action");
    expect(entityOf(view, "binary_sensor.enphase_envoy_122000000009_relay_no1_relay_status").name).toBe(null);
    expect(entityOf(view, `sensor.envoy_${SERIAL}_cutoff_battery_level`).uniqueId).toContain("NO1_soc_low");
    expect(view.devices.find(({ id }) => id === "relay_122000000009_no2")?.name).toBe("NO2");
  });

  test("contacts of the same name of two gateways stay apart", () => {
    const other = catalogue(
      factsOf({ capabilities: EVERYTHING, groups: { ...GROUPS, enpower: { ...GROUPS.enpower!, serial: "122000000010" } } }),
    );
    const ids = new Set(view.devices.map(({ id }) => id));
    expect(other.devices.filter(({ model, id }) => model === "Dry contact relay" && ids.has(id))).toEqual([]);
  });

  test("without a System Controller the storage settings are the gateway's, beside its sensor of the same name", () => {
    const alone = catalogue(factsOf({ capabilities: { ...EVERYTHING, enpower: false }, groups: { ...GROUPS, enpower: null } }));
    expect(entityOf(alone, `sensor.envoy_${SERIAL}_reserve_battery_level`).topic).toBe("battery");
    expect(entityOf(alone, `sensor.envoy_${SERIAL}_reserve_battery_level_setting`)).toMatchObject({
      topic: "storage",
      key: "reserved_charge",
    });
    expect(entityOf(alone, `sensor.envoy_${SERIAL}_storage_mode`).uniqueId).toBe(`envoy2mqtt_${SERIAL}_storage_mode`);
  });

  test("devices hang together: gateway, System Controller, its contacts; AC batteries below their group", () => {
    const via = Object.fromEntries(view.devices.map(({ id, via }) => [id, via]));
    expect(via).toMatchObject({
      [SERIAL]: null,
      inverter_482200000000: SERIAL,
      battery_122100000001: SERIAL,
      relay_122000000009_nc1: "system_controller_122000000009",
      ac_battery_121800000001: `${SERIAL}_acb`,
      [`${SERIAL}_generator`]: SERIAL,
    });
    const seen = new Set<string>();
    for (const { id, via } of view.devices) {
      expect(via === null || seen.has(via), id).toBe(true);
      seen.add(id);
    }
  });

  test("serials with strange letters make safe, distinct ids", () => {
    const strange = catalogue(
      factsOf({
        capabilities: { inverters: "v1" },
        groups: { inverters: new Map(["A/+#", "a_", "a!", "ä"].map((serial) => [serial, inverterOf(serial)])) },
      }),
    );
    const ids = strange.devices.map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
    expect(ids.filter((id) => !/^[a-z0-9_-]+$/.test(id))).toEqual([]);
  });

  test("state the gateway's model, versions and page", () => {
    expect(view.devices[0]).toMatchObject({
      name: `Envoy ${SERIAL}`,
      model: "Envoy, phases: 3, phase mode: three, production CT, net-consumption CT, storage CT",
      softwareVersion: "8.3.1598",
      hardwareVersion: "800-00654-r08",
      configurationUrl: "https://192.0.2.10",
    });
    expect(catalogue(factsOf()).devices[0]?.model).toBe("Envoy");
    expect(catalogue(factsOf({ capabilities: { meters: [{ eid: 1, type: "production" }] } })).devices[0]?.model).toBe(
      "Envoy, phases: 1, production CT",
    );
  });
});

describe("existence", () => {
  test("a gateway without CTs has production and its own entities only", () => {
    const view = catalogue(factsOf({ groups: { production: { total: powerEnergy(5), phases: {} } } }));
    expect(view.states.map(({ path }) => path)).toEqual(["info", "diagnostics", "production", "energy"]);
    expect(view.devices).toHaveLength(1);
  });

  test("a CT of an unknown type is passed over", () => {
    const view = catalogue(factsOf({ capabilities: { meters: [{ eid: 9, type: "flux" }] } }));
    expect(view.states.some(({ path }) => path.startsWith("meter/"))).toBe(false);
  });

  test("details of inverters are there only where the gateway has device data", () => {
    const of = (source: "v1" | "both") =>
      catalogue(factsOf({ capabilities: { inverters: source }, groups: { inverters: inverters(1) } })).devices[1]?.entities.length;
    expect(of("v1")).toBe(5);
    expect(of("both")).toBe(14);
  });

  test("a phase that is missing for once is unknown, not gone; after a probe it is gone", () => {
    const make = createCatalogue();
    const facts = house();
    const first = make(facts);
    const without = { ...facts, snapshot: { ...facts.snapshot, ...snapshotOf({ production: { total: powerEnergy(1), phases: {} } }) } };
    const second = make(without);
    expect(second.devices).toBe(first.devices);
    expect(payloadOf(second, "production")["l1_power"]).toBe(null);
    const third = make({ ...without, gateway: { ...facts.gateway, firmware: parseFirmware("8.3.9999") } });
    expect(payloadOf(third, "production")).not.toHaveProperty("l1_power");
  });

  test("the storage settings wait until it is known where they belong", () => {
    const { enpower: _, ...rest } = GROUPS;
    const view = catalogue(factsOf({ capabilities: EVERYTHING, groups: rest }));
    expect(view.states.some(({ path }) => path === "storage")).toBe(false);
  });
});

describe("freshness", () => {
  const at = (ageMs: number) => catalogue({ ...house(), now: NOW + ageMs });

  test("live values become unknown after three intervals, not before 90 s; counters stay", () => {
    expect(payloadOf(at(89_000), "meter/storage")["power"]).toBe(-750);
    expect(payloadOf(at(91_000), "meter/storage")["power"]).toBe(null);
    expect(payloadOf(at(91_000), "battery")).toMatchObject({ power: null, charge: null });
    expect(payloadOf(at(91_000), "battery/122100000001")).toMatchObject({ power: null, charge: null, temperature: null, capacity: 3500 });
    expect(payloadOf(at(91_000), "production")["power"]).toBe(null);
    expect(payloadOf(at(91_000), "energy")).toMatchObject({ production_kwh: 1000, balanced_net_kwh: 345.678 });
    expect(payloadOf(at(91_000), "inverter/482200000000")["power"]).toBe(200);
    expect(payloadOf(at(901_000), "inverter/482200000000")).toMatchObject({
      power: null,
      last_reported: "2026-11-25T11:55:00.000Z",
      lifetime_energy_kwh: 777.001,
    });
    expect(payloadOf(at(2_701_000), "generator")["present"]).toBe(null);
    expect(at(2_701_000).states.some(({ path }) => path === "pv_limit")).toBe(false);
  });

  test("a source that answers slowly has more time", () => {
    const slow = [{ source: "production", lastSuccess: NOW, failures: 0, replyMs: 20_000, lastError: null }];
    const view = catalogue({ ...house(), now: NOW + 500_000, health: slow });
    expect(payloadOf(view, "production")["power"]).toBe(3001);
  });
});

describe("a catalogue that remembers", () => {
  const base = house();
  const group = (groups: Parameters<typeof snapshotOf>[0], at = NOW) => ({ snapshot: { ...base.snapshot, ...snapshotOf(groups, at) } });
  const changes = [
    {},
    { now: NOW + 95_000 },
    { now: NOW + 50 * 3_600_000 },
    { health: HEALTH.map((one) => ({ ...one, failures: 3, lastError: "no answer" })) },
    { lifecycle: { ...base.lifecycle, state: "outage" as const, reason: "away" } },
    { energy: new Map([...base.energy].map(([id, value]) => [id, { ...value, lifetimeWh: (value.lifetimeWh ?? 0) + 1 }])) },
    group({ production: { total: powerEnergy(7), phases: { l1: powerEnergy(7), l2: powerEnergy(1), l3: powerEnergy(1) } } }),
    group({ inverters: inverters(4) }, NOW + 1000),
    { configurationUrl: "https://10.0.0.9" },
    { options: { intervals: { meters: 60, production: 60, inverters: 600, inventory: 900 } } },
  ];

  test("says at each moment what one without a memory says", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...changes), { maxLength: 12 }), (steps) => {
        const make = createCatalogue();
        for (const step of steps) {
          const facts = { ...base, ...step };
          const [view, fresh] = [make(facts), catalogue(facts)];
          expect(view.states).toEqual(fresh.states);
          expect(view.devices).toEqual(fresh.devices);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("gives the same view where nothing is said anew, and the same topics but for what changed", () => {
    const make = createCatalogue();
    const first = make(base);
    expect(make({ ...base, now: NOW + 1, lifecycle: { ...base.lifecycle } })).toBe(first);
    const second = make({ ...base, ...group({ inverters: new Map(inverters(3)) }) });
    const known = new Set(first.states);
    const changed = second.states.filter((state) => !known.has(state)).map(({ path }) => path);
    expect(changed.every((path) => path.startsWith("inverter/") || path === "diagnostics")).toBe(true);
    expect(second.states.length - changed.length).toBeGreaterThan(10);
  });
});

describe("the structure", () => {
  test("is the same object as long as nothing structural changes", () => {
    const make = createCatalogue();
    const facts = house();
    const first = make(facts);
    const changed = {
      ...facts,
      now: NOW + 1000,
      snapshot: { ...facts.snapshot, ...snapshotOf({ meters: new Map([["production", ctGroup(1)]]) }) },
    };
    expect(make(changed).devices).toBe(first.devices);
  });

  test("one more inverter is one more device; the others are the same objects", () => {
    const make = createCatalogue();
    const of = (count: number) => factsOf({ capabilities: { inverters: "v1" }, groups: { inverters: inverters(count) } });
    const before = make(of(2)).devices;
    const after = make(of(3)).devices;
    expect(after).toHaveLength(4);
    expect(after.slice(0, 3).every((device, index) => device === before[index])).toBe(true);
  });

  test("depends on the facts alone", () => {
    expect(catalogue(house())).toEqual(catalogue(house()));
  });

  test("a view of 1 000 inverters takes less than 20 ms of the processor", () => {
    const make = createCatalogue();
    const facts = factsOf({ capabilities: EVERYTHING, groups: { ...GROUPS, inverters: inverters(1000) } });
    make(facts);
    const times = Array.from({ length: 30 }, (_, n) => {
      const start = process.cpuUsage();
      make({ ...facts, now: NOW + n });
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(20);
  });

  test.each([1, 49, 50, 51, 1000])("%i inverters are as many devices", (count) => {
    const view = catalogue(factsOf({ capabilities: { inverters: "both" }, groups: { inverters: inverters(count) } }));
    expect(view.devices).toHaveLength(count + 1);
  });
});

describe("any snapshot", () => {
  const names = Object.keys(GROUPS) as readonly GroupName[];
  const capabilities = Object.entries(EVERYTHING);

  /** Some value of the house replaced by `null`, somewhere. */
  function withNull(value: unknown, pick: number): unknown {
    if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, withNull(inner, pick)]));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value);
    const chosen = entries[pick % Math.max(1, entries.length)]?.[0];
    return Object.fromEntries(
      entries.map(([key, inner]) => [
        key,
        key === chosen && key !== "serial" && key !== "id" && key !== "phases" ? null : withNull(inner, pick),
      ]),
    );
  }

  test("has every announced key in its topic's payload, unique ids and entity ids", () => {
    fc.assert(
      fc.property(fc.subarray([...names]), fc.subarray(capabilities), fc.nat(30), fc.nat(3_000_000), (some, has, pick, age) => {
        const groups = Object.fromEntries(
          some.map((name) => [name, name === "enpower" && pick === 0 ? null : withNull(GROUPS[name], pick)]),
        ) as Partial<Groups>;
        const view = catalogue(factsOf({ capabilities: Object.fromEntries(has), groups, now: NOW + age }));
        const payloads = new Map(view.states.map(({ path, payload }) => [path, payload]));
        const entities = entitiesOf(view);
        for (const { topic, key, id } of entities) {
          if (ELSEWHERE.includes(topic)) continue;
          expect(Object.hasOwn(payloads.get(topic) ?? {}, key), `${topic} ${key}`).toBe(true);
          expect(id).toMatch(/^[a-z0-9_]+$/);
        }
        expect(payloads.size).toBe(view.states.length);
        expect(new Set(entities.map(({ defaultEntityId }) => defaultEntityId)).size).toBe(entities.length);
        expect(new Set(entities.map(({ platform, uniqueId }) => `${platform} ${uniqueId}`)).size).toBe(entities.length);
        for (const { entities } of view.devices) expect(new Set(entities.map(({ id }) => id)).size).toBe(entities.length);
      }),
      { numRuns: 150 },
    );
  });
});
