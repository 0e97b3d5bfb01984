import { describe, expect, test } from "vitest";
import { loadConfig, secretsOf } from "../../src/config.ts";
import { BridgeError } from "../../src/model/errors.ts";
import { load, problem } from "./load.ts";

describe("what counts", () => {
  test("nothing at all is a whole configuration: find the gateway by mDNS, embedded broker", () => {
    const config = load({});
    expect(config.gateways).toHaveLength(1);
    expect(config.gateways[0]).toMatchObject({ host: null, token: null, tls: "pin", controls: [], extraEndpoints: [] });
    expect(config.gateways[0]?.intervals).toEqual({ meters: 10, production: 30, inverters: 300, inventory: 900 });
    expect(config.mqtt).toMatchObject({
      url: null,
      baseTopic: "envoy2mqtt",
      discoveryPrefix: "homeassistant",
      protocol: "auto",
      discovery: true,
    });
    expect(config).toMatchObject({ stateDir: "/srv/state", availability: { missedPolls: 3, seconds: 90 }, files: [] });
    expect(config.web.listen).toEqual({ host: "127.0.0.1", port: 8097 });
  });

  test("the names that people rely on are variables", () => {
    const config = load({
      env: {
        ENVOY2MQTT_HOST: "https://127.0.0.1:8443",
        ENVOY2MQTT_TOKEN: "a.b.c",
        ENVOY2MQTT_USERNAME: "me@example.org",
        ENVOY2MQTT_PASSWORD: "secret-1",
        ENVOY2MQTT_MQTT_URL: "mqtt://broker:1883",
        ENVOY2MQTT_MQTT_USERNAME: "bridge",
        ENVOY2MQTT_MQTT_PASSWORD: "secret-2",
        ENVOY2MQTT_BASE_TOPIC: "solar",
        ENVOY2MQTT_DISCOVERY_PREFIX: "ha",
        ENVOY2MQTT_STATE_DIR: "/var/lib/envoy2mqtt",
        ENVOY2MQTT_TLS: "verify",
        ENVOY2MQTT_LOG_LEVEL: "debug",
      },
    });
    expect(config.gateways[0]).toMatchObject({
      host: "https://127.0.0.1:8443",
      token: "a.b.c",
      username: "me@example.org",
      password: "secret-1",
      tls: "verify",
    });
    expect(config.mqtt).toMatchObject({
      url: "mqtt://broker:1883",
      username: "bridge",
      password: "secret-2",
      baseTopic: "solar",
      discoveryPrefix: "ha",
    });
    expect(config).toMatchObject({ stateDir: "/var/lib/envoy2mqtt", log: { level: "debug" } });
    expect(secretsOf(config)).toEqual(["a.b.c", "secret-1", "secret-2"]);
  });

  test("arguments win over variables, variables over the file", () => {
    const files = { "/srv/config/envoy2mqtt.yaml": "host: in-file\ntls: off\nlog:\n  level: warn\n" };
    expect(load({ files }).gateways[0]).toMatchObject({ host: "in-file", tls: "off" });
    expect(load({ files, env: { ENVOY2MQTT_HOST: "in-variable" } }).gateways[0]).toMatchObject({ host: "in-variable", tls: "off" });
    const config = load({ files, env: { ENVOY2MQTT_HOST: "in-variable" }, args: { host: "in-argument" } });
    expect(config.gateways[0]?.host).toBe("in-argument");
    expect(config.log.level).toBe("warn");
    expect(config.files).toEqual(["/srv/config/envoy2mqtt.yaml"]);
  });

  test("--config and ENVOY2MQTT_CONFIG name another file", () => {
    const files = { "/etc/one.yaml": "host: one", "/srv/two.yaml": "host: two" };
    expect(load({ files, env: { ENVOY2MQTT_CONFIG: "/etc/one.yaml" } }).gateways[0]?.host).toBe("one");
    expect(load({ files, env: { ENVOY2MQTT_CONFIG: "/etc/one.yaml" }, args: { config: "two.yaml" } }).gateways[0]?.host).toBe("two");
    expect(problem({ args: { config: "three.yaml" } })).toBe("three.yaml: there is no such configuration file");
  });

  test("an empty variable and a section of comments are as if they were not there", () => {
    const files = { "/srv/config/envoy2mqtt.yaml": "mqtt:\n  # url: mqtt://x\nhost:\n" };
    expect(load({ files, env: { ENVOY2MQTT_TOKEN: "", ENVOY2MQTT_MQTT_URL: "", PATH: "/bin" } }).mqtt.url).toBeNull();
    expect(load({ files: { "/srv/config/envoy2mqtt.yaml": "# only comments\n" } }).gateways).toHaveLength(1);
  });

  test("Kubernetes' variables for a service of our name are not taken for ours", () => {
    const env = {
      ENVOY2MQTT_SERVICE_HOST: "10.0.0.1",
      ENVOY2MQTT_SERVICE_PORT_HTTP: "80",
      ENVOY2MQTT_PORT: "tcp://10.0.0.1:80",
      ENVOY2MQTT_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    expect(load({ env }).gateways[0]?.host).toBeNull();
  });

  test("user and password in the broker's URL are taken out of it", () => {
    const config = load({ env: { ENVOY2MQTT_MQTT_URL: "mqtts://me:p%40ss@broker:8883" } });
    expect(config.mqtt).toMatchObject({ url: "mqtts://broker:8883", username: "me", password: "p@ss" });
    const separate = load({ env: { ENVOY2MQTT_MQTT_URL: "ws://me:%zz@broker/mqtt", ENVOY2MQTT_MQTT_USERNAME: "you" } });
    expect(separate.mqtt).toMatchObject({ url: "ws://broker/mqtt", username: "you", password: "%zz" });
  });

  test("the outcome cannot be changed", () => {
    const config = load({});
    expect(Object.isFrozen(config) && Object.isFrozen(config.mqtt.tls) && Object.isFrozen(config.gateways[0]?.intervals)).toBe(true);
  });

  test("variables hold switches and lists too", () => {
    const config = load({
      env: {
        ENVOY2MQTT_MQTT_DISCOVERY: "no",
        ENVOY2MQTT_CONTROLS: "one, two_three",
        ENVOY2MQTT_WEB_LISTEN: "off",
        ENVOY2MQTT_INTERVALS_METERS: "2.5",
      },
    });
    expect(config.mqtt.discovery).toBe(false);
    expect(config.gateways[0]).toMatchObject({ controls: ["one", "two_three"], intervals: { meters: 2.5 } });
    expect(config.web.listen).toBeNull();
  });
});

test("a wrong configuration is a BridgeError of code config", () => {
  const attempt = () =>
    loadConfig({ env: { ENVOY2MQTT_TLS: "maybe" }, args: {}, readFile: () => "", credentialsDirectory: null, cwd: "/" });
  expect(attempt).toThrow(BridgeError);
  expect(attempt).toThrow(expect.objectContaining({ code: "config", message: "ENVOY2MQTT_TLS must be pin, verify or off" }));
});
