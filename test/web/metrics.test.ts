import { describe, expect, test } from "vitest";
import { metrics } from "../../src/web/metrics.ts";
import { entity, gateway, status, view } from "./status.ts";

const lines = (text: string, name: string): string[] => text.split("\n").filter((line) => line.includes(name));

describe("Prometheus' text", () => {
  test("the bridge, the gateway and its sources", () => {
    const text = metrics(status());
    expect(lines(text, "envoy2mqtt_info")).toEqual([
      "# HELP envoy2mqtt_info Version of the bridge.",
      "# TYPE envoy2mqtt_info gauge",
      'envoy2mqtt_info{version="1.2.3"} 1',
    ]);
    expect(text).toContain('envoy2mqtt_gateway_lifecycle_state{gateway="122000000001",state="authenticated"} 1');
    expect(text).toContain('envoy2mqtt_gateway_lifecycle_state{gateway="122000000001",state="re-setup"} 0');
    expect(text).toContain('envoy2mqtt_source_reply_seconds{gateway="122000000001",source="meters"} 0.1234');
    expect(text).toContain('envoy2mqtt_source_failures{gateway="122000000001",source="inverters"} 2');
    expect(lines(text, "envoy2mqtt_source_last_success_seconds{")).toHaveLength(1);
  });

  test("every number of a device, in base units; a lifetime counter is a counter", () => {
    const entities = [
      entity({ topic: "production", key: "power", unit: "W", stateClass: "measurement", name: "Current power" }),
      entity({ topic: "production", key: "energy_lifetime_kwh", unit: "kWh", stateClass: "total_increasing" }),
      entity({ topic: "production", key: "odd", unit: "furlong" }),
      entity({ topic: "production", key: "production" }),
      entity({ topic: "production", key: "ok", platform: "binary_sensor", name: undefined }),
      entity({ topic: "production", key: "none", unit: "W" }),
      entity({ topic: "production", key: "text" }),
      entity({ topic: "elsewhere", key: "missing" }),
    ];
    const values = { power: 1234, energy_lifetime_kwh: 1.001, odd: 2, production: 3, ok: true, none: null, text: "x" };
    const text = metrics(
      status({ gateways: [gateway({ view: view(entities, values) })], sites: [view([entities[0] as never], { power: 5 }, "site-home")] }),
    );
    expect(text).toContain("# HELP envoy_production_power_watts Current power in watts.\n# TYPE envoy_production_power_watts gauge\n");
    expect(lines(text, "envoy_production_power_watts{")).toEqual([
      'envoy_production_power_watts{gateway="122000000001",device="envoy_122000000001",topic="production"} 1234',
      'envoy_production_power_watts{gateway="site-home",device="envoy_site-home",topic="production"} 5',
    ]);
    expect(text).toContain("# TYPE envoy_production_energy_lifetime_watt_hours_total counter");
    expect(text).toMatch(/envoy_production_energy_lifetime_watt_hours_total\{.*\} 1001\n/);
    expect(text).toMatch(/envoy_production_odd\{.*\} 2\n/);
    expect(text).toMatch(/\nenvoy_production\{.*\} 3\n/);
    expect(text).toMatch(/envoy_production_ok\{.*\} 1\n/);
    expect(text).not.toMatch(/none|text\{|missing/);
  });

  test("every line is of the format, whatever the names hold", () => {
    const odd = 'a"b\\c\nd';
    const entities = [entity({ topic: "pro-duction", key: "Ke-y", name: odd })];
    const shown = {
      ...view(entities, {}),
      states: [{ path: "pro-duction", payload: { "Ke-y": 1 }, qos: 0 as const, retain: true, expiry: null }],
    };
    const unknown = gateway({ name: odd, serial: null, info: null, view: null, sources: [] });
    const text = metrics(status({ version: odd, gateways: [unknown, gateway({ view: shown })] }));
    expect(text.endsWith("\n")).toBe(true);
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(# HELP [a-z0-9_]+ [^\n]+|# TYPE [a-z0-9_]+ (gauge|counter)|[a-z_][a-z0-9_]*(\{([a-z]+="([^"\\]|\\["\\n])*",?)+\})? [-\d.e+]+)$/,
      );
    }
    const named = text.split("\n").filter((line) => line.startsWith("# TYPE"));
    expect(new Set(named).size).toBe(named.length);
  });

  test("no token: nothing about its end", () => {
    const { lifecycle } = gateway();
    expect(metrics(status({ gateways: [gateway({ lifecycle: { ...lifecycle, tokenExpires: null } })] }))).not.toContain("token_expiry");
  });
});
