import { describe, expect, test } from "vitest";
import { load, problemIn } from "./load.ts";

const FILE = "config/envoy2mqtt.yaml";
const inFile = (yaml: string) => load({ files: { "/srv/config/envoy2mqtt.yaml": yaml } });

describe("several gateways", () => {
  test("share what stands at top level and keep what is their own", () => {
    const { gateways } = inFile(`
username: me@example.org
password: shared
tls: off
site: home
intervals:
  meters: 5
extra_endpoints:
  - path: /ivp/livedata/status
    topic: livedata
gateways:
  - host: envoy-house.local
    name: House
    serial: 122012345678
  - host: 192.168.1.30
    tls: verify
    username: other@example.org
    password: own
    intervals:
      meters: 2
      inverters: 600
    extra_endpoints: []
  - serial: "122000000003"
    username: third@example.org
`);
    expect(gateways[0]).toMatchObject({
      host: "envoy-house.local",
      name: "House",
      serial: "122012345678",
      username: "me@example.org",
      password: "shared",
      tls: "off",
      site: "home",
    });
    expect(gateways[0]?.intervals).toEqual({ meters: 5, production: 30, inverters: 300, inventory: 900 });
    expect(gateways[0]?.extraEndpoints).toEqual([{ path: "/ivp/livedata/status", topic: "livedata", interval: 60 }]);
    expect(gateways[1]).toMatchObject({ tls: "verify", username: "other@example.org", password: "own", extraEndpoints: [] });
    expect(gateways[1]?.intervals).toEqual({ meters: 2, production: 30, inverters: 600, inventory: 900 });
    expect(gateways[2]).toMatchObject({ host: null, serial: "122000000003", username: "third@example.org", password: null });
  });

  test.each([
    ["gateways: []", `${FILE}: gateways must be a list of gateways, each with a host`],
    ["gateways:\n  host: a", `${FILE}: gateways must be a list of gateways, each with a host`],
    ["gateways: [envoy.local]", `${FILE}: gateways[1] must be a section with a host`],
    ["gateways: [{name: x}]", `${FILE}: gateways[1] needs a host or a serial`],
    ["gateways: [{host: a}, {hots: b}]", `${FILE}: gateways[2].hots is not a known key; did you mean host?`],
    ["gateways: [{host: a, mqtt: {url: mqtt://x}}]", `${FILE}: gateways[1].mqtt is not a known key`],
    ["gateways: [{host: a, tls: 5}]", `${FILE}: gateways[1].tls must be pin, verify or off`],
    ["host: b\ngateways: [{host: a}]", `${FILE}: host stands beside gateways: put it into one of them`],
    ["token: b\ngateways: [{host: a}]", `${FILE}: token stands beside gateways: put it into one of them`],
    ["gateways: [{host: envoy.local}, {host: 'https://Envoy.local./'}]", `${FILE}: gateways names the host envoy.local twice`],
    ["gateways: [{host: 'fd00::1'}, {host: '[fd00::1]'}]", `${FILE}: gateways names the host [fd00::1] twice`],
    [
      "gateways: [{host: a, serial: 122000000001}, {host: b, serial: '122000000001'}]",
      `${FILE}: gateways names the serial 122000000001 twice`,
    ],
    ["extra_endpoints: /x", `${FILE}: extra_endpoints must be a list of sections with path, topic and interval`],
    ["extra_endpoints: [/x]", `${FILE}: extra_endpoints[1] must be a section with path, topic and interval`],
    ["extra_endpoints: [{path: x, topic: y}]", `${FILE}: extra_endpoints[1].path must be a path of the gateway that begins with /`],
    [
      "extra_endpoints: [{path: /x, topic: lifecycle}]",
      `${FILE}: extra_endpoints[1].topic must be a topic of a-z, 0-9, _ and - that is not the bridge's own`,
    ],
    ["extra_endpoints: [{path: /x}]", `${FILE}: extra_endpoints[1].topic is missing`],
    [
      "extra_endpoints: [{path: /x, topic: a/+}]",
      `${FILE}: extra_endpoints[1].topic must be a topic of a-z, 0-9, _ and - that is not the bridge's own`,
    ],
    ["extra_endpoints: [{path: /x, topic: a}, {path: /y, topic: a}]", `${FILE}: extra_endpoints names the topic a twice`],
    [
      "gateways: [{host: a, extra_endpoints: [{path: /x, topic: y, interval: 1}]}]",
      `${FILE}: gateways[1].extra_endpoints[1].interval must be seconds from 5 to 86400`,
    ],
  ])("%j", (yaml, line) => {
    expect(problemIn(yaml)).toBe(line);
  });

  test("the same name at another port is another gateway", () => {
    expect(inFile("gateways: [{host: 'https://127.0.0.1:1'}, {host: 'https://127.0.0.1:2'}]").gateways).toHaveLength(2);
  });

  test("a host by variable beside a list is said by the variable's name", () => {
    const files = { "/srv/config/envoy2mqtt.yaml": "gateways: [{host: a}]" };
    expect(() => load({ files, env: { ENVOY2MQTT_HOST: "b" } })).toThrow("ENVOY2MQTT_HOST stands beside gateways: put it into one of them");
  });
});
