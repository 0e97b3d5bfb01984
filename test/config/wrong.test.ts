import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBridgeError } from "../../src/model/errors.ts";
import { load, problem, problemIn } from "./load.ts";

const FILE = "config/envoy2mqtt.yaml";

describe("one line names what is wrong", () => {
  test.each([
    ["hots: envoy.local", `${FILE}: hots is not a known key; did you mean host?`],
    ["mqtt:\n  ulr: mqtt://x", `${FILE}: mqtt.ulr is not a known key; did you mean mqtt.url?`],
    ["solar: yes", `${FILE}: solar is not a known key`],
    ["mqtt: broker", `${FILE}: mqtt must be a section with keys of its own`],
    ["mqtt:\n  tls: ca.pem", `${FILE}: mqtt.tls must be a section with keys of its own`],
    ["- host: x", `${FILE}: must hold keys and values`],
    ["just text", `${FILE}: must hold keys and values`],
    ["host: a\nhost: b", `${FILE}: is not YAML: Map keys must be unique at line 2, column 1`],
    [
      "a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]",
      `${FILE}: is not YAML that can be used: Excessive alias count indicates a resource exhaustion attack`,
    ],
    ["password: 12345", `${FILE}: password must be text: put it in quotes`],
    ["username: [a]", `${FILE}: username must be text`],
    ["username: ' '", `${FILE}: username is empty`],
    ['username: "a\\nb"', `${FILE}: username must be one line of text`],
    ["token: a b", `${FILE}: token must be the token alone, without spaces`],
    ["serial: 12-34", `${FILE}: serial must be the serial number on the gateway's label: digits only`],
    ["tls: maybe", `${FILE}: tls must be pin, verify or off`],
    ["site: My House", `${FILE}: site must be of a-z, 0-9, _ and -`],
    ["time_zone: Mars/Base", `${FILE}: time_zone must be the name of a time zone such as Europe/Amsterdam`],
    ["time_zone: 5", `${FILE}: time_zone must be text: put it in quotes`],
    ["intervals:\n  meters: 0", `${FILE}: intervals.meters must be seconds from 1 to 86400`],
    ["intervals:\n  meters: .nan", `${FILE}: intervals.meters must be seconds from 1 to 86400`],
    ["intervals:\n  meters: 10 minutes", `${FILE}: intervals.meters must be seconds from 1 to 86400`],
    ["intervals:\n  meters: soon", `${FILE}: intervals.meters must be seconds from 1 to 86400`],
    ["controls: all", `${FILE}: controls must be a list`],
    ["controls: [Reserve SOC]", `${FILE}: controls holds "Reserve SOC": each must be a control's name`],
    ["mqtt:\n  discovery: maybe", `${FILE}: mqtt.discovery must be true or false`],
    ["mqtt:\n  protocol: 4", `${FILE}: mqtt.protocol must be auto, 5 or 3.1.1`],
    ["mqtt:\n  base_topic: solar/#", `${FILE}: mqtt.base_topic must be a plain topic: letters, digits, _ . - and / between levels`],
    ["mqtt:\n  base_topic: solar/", `${FILE}: mqtt.base_topic must be a plain topic: letters, digits, _ . - and / between levels`],
    ["mqtt:\n  base_topic: $SYS", `${FILE}: mqtt.base_topic must be a plain topic: letters, digits, _ . - and / between levels`],
    ["mqtt:\n  url: http://me:hush@x", `${FILE}: mqtt.url must begin with mqtt:// or mqtts:// or ws:// or wss://`],
    ["mqtt:\n  url: broker", `${FILE}: mqtt.url must be a URL such as mqtt://name`],
    ["mqtt:\n  url: 'mqtt:'", `${FILE}: mqtt.url names no host`],
    ["mqtt:\n  url: [x]", `${FILE}: mqtt.url must be text`],
    ["mqtt:\n  embedded_port: 70000", `${FILE}: mqtt.embedded_port must be a whole number from 0 to 65535`],
    ["mqtt:\n  embedded_port: 1.5", `${FILE}: mqtt.embedded_port must be a whole number from 0 to 65535`],
    [
      "mqtt:\n  url: mqtt://x\n  tls:\n    ca: ca.pem",
      `${FILE}: mqtt.tls.ca is set, but mqtt.url is not encrypted: it must begin with mqtts:// or wss://`,
    ],
    ["mqtt:\n  url: mqtts://x\n  tls:\n    cert: c.pem", `${FILE}: mqtt.tls.cert is set, but mqtt.tls.key is not: they belong together`],
    ["mqtt:\n  url: mqtts://x\n  tls:\n    key: k.pem", `${FILE}: mqtt.tls.key is set, but mqtt.tls.cert is not: they belong together`],
    ["web:\n  listen: everywhere", `${FILE}: web.listen must be address:port such as 127.0.0.1:8097, or off`],
    ["web:\n  listen: 1.2.3.4:99999", `${FILE}: web.listen must be address:port such as 127.0.0.1:8097, or off`],
    ["web:\n  listen: '[zz]:1'", `${FILE}: web.listen must be address:port such as 127.0.0.1:8097, or off`],
    ["web:\n  listen: 0.0.0.0:80", `${FILE}: web.listen can be reached from other machines: set web.password too`],
    ["enlighten:\n  login_url: http://example.org", `${FILE}: enlighten.login_url must begin with https://`],
    ["enlighten:\n  login_url: https://me:pw@example.org", `${FILE}: enlighten.login_url must not hold a user or password`],
    ["enlighten:\n  token_url: ftp://example.org", `${FILE}: enlighten.token_url must begin with https:// or http://`],
  ])("%j", (yaml, line) => {
    expect(problemIn(yaml)).toBe(line);
  });

  test.each([["ftp://envoy"], ["https://me:pw@envoy"], ["https://envoy/info"], ["envoy local"], ["_x_"], ["http://"], ["a:b:c"]])(
    "host %j",
    (host) => {
      expect(problem({ env: { ENVOY2MQTT_HOST: host } })).toMatch(
        /^ENVOY2MQTT_HOST must be the gateway's name, its address, or a URL such as [^\n]+$/,
      );
    },
  );

  test.each([
    ["ENVOY2MQTT_HOTS", "ENVOY2MQTT_HOTS is not a known variable; did you mean ENVOY2MQTT_HOST?"],
    ["ENVOY2MQTT_SOMETHING_ELSE", "ENVOY2MQTT_SOMETHING_ELSE is not a known variable"],
    ["ENVOY2MQTT_GATEWAYS", "ENVOY2MQTT_GATEWAYS is not a known variable"],
  ])("variable %s", (name, line) => {
    expect(problem({ env: { [name]: "x" } })).toBe(line);
  });

  test("arguments", () => {
    expect(problem({ args: { "mqtt-uri": "mqtt://x" } })).toBe("--mqtt-uri is not a known argument; did you mean --mqtt-url?");
    expect(problem({ args: { token: "a.b.c" } })).toMatch(/^--token is not a known argument/);
    expect(problem({ args: { "web-listen": "x" } })).toBe("--web-listen must be address:port such as 127.0.0.1:8097, or off");
    expect(problem({ args: { "mqtt-discovery": "perhaps" } })).toBe("--mqtt-discovery must be true or false");
  });

  test("a file that is there but cannot be read", () => {
    const denied = () => {
      throw Object.assign(new Error("no"), { code: "EACCES" });
    };
    expect(denied).toThrow();
    const odd = { files: new Proxy({}, { get: denied }) };
    expect(problem(odd)).toBe("/srv/config/envoy2mqtt.yaml: cannot be read (EACCES)");
  });
});

test.each([
  ["envoy.local"],
  ["ENVOY"],
  ["192.168.1.20"],
  ["fe80::1"],
  ["[fd00::1]:8443"],
  ["192.168.1.20:8443"],
  ["http://envoy"],
  ["https://127.0.0.1:8443/"],
  ["envoy.local."],
])("host %s is right", (host) => {
  expect(load({ env: { ENVOY2MQTT_HOST: host } }).gateways[0]?.host).toBe(host);
});

test("any YAML either loads or ends in one line, and no value is repeated in it", () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(Number.NaN),
    fc.array(fc.string(), { maxLength: 2 }),
    fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
  );
  const key = fc.oneof(
    fc.constantFrom("host", "token", "mqtt", "web", "gateways", "intervals", "tls", "extra_endpoints", "__proto__", "constructor"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (tree) => {
      try {
        load({ files: { "/srv/config/envoy2mqtt.yaml": JSON.stringify(tree) } });
      } catch (error) {
        if (!isBridgeError(error, "config")) throw error;
        expect(error.message).not.toContain("\n");
      }
    }),
    { numRuns: 500 },
  );
});

test("a secret with a mistake in it is not repeated", () => {
  const line = problem({ env: { ENVOY2MQTT_TOKEN: "canary one", ENVOY2MQTT_MQTT_URL: "mqtt://x" } });
  expect(line).toBe("ENVOY2MQTT_TOKEN must be the token alone, without spaces");
});
