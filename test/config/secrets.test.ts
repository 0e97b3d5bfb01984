import { describe, expect, test } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { load, problem } from "./load.ts";

describe("secrets from files of their own", () => {
  test("variables that end in _FILE; the line's end is not part of it", () => {
    const config = load({
      env: { ENVOY2MQTT_TOKEN_FILE: "/run/secrets/token", ENVOY2MQTT_MQTT_PASSWORD_FILE: "broker.txt" },
      files: { "/run/secrets/token": "a.b.c\n", "/srv/broker.txt": "hush\r\n" },
    });
    expect(config.gateways[0]).toMatchObject({ token: "a.b.c", tokenFile: "/run/secrets/token" });
    expect(config.mqtt.password).toBe("hush");
    expect(config.files).toEqual(["/run/secrets/token", "/srv/broker.txt"]);
  });

  test("keys that end in _file are meant beside the configuration file; argument beside the working folder", () => {
    const files = {
      "/etc/e/e.yaml": "password_file: pw\nmqtt:\n  password_file: /run/mq\n",
      "/etc/e/pw": "one",
      "/run/mq": "two",
      "/srv/three": "three",
    };
    const config = load({ env: { ENVOY2MQTT_CONFIG: "/etc/e/e.yaml" }, files });
    expect(secretsOf(config)).toEqual(["one", "two"]);
    expect(load({ args: { config: "/etc/e/e.yaml", "password-file": "three" }, files }).gateways[0]?.password).toBe("three");
  });

  test("systemd's credentials: by name, above the file and below variables; a relative name is sought there first", () => {
    const files = {
      "/srv/config/envoy2mqtt.yaml": "password: in-file\nmqtt:\n  password_file: broker\n",
      "/run/credentials/password": "from systemd\n",
      "/run/credentials/broker": "also\n",
      "/srv/config/broker": "not this",
    };
    const credentials = "/run/credentials";
    const config = load({ files, credentials });
    expect(config.gateways[0]?.password).toBe("from systemd");
    expect(config.mqtt.password).toBe("also");
    expect(load({ files, credentials, env: { ENVOY2MQTT_PASSWORD: "variable" } }).gateways[0]?.password).toBe("variable");
  });

  test("a later secret takes the place of a file", () => {
    const files = { "/srv/config/envoy2mqtt.yaml": "token_file: /t\n", "/t": "a.b.c" };
    expect(load({ files }).gateways[0]?.tokenFile).toBe("/t");
    expect(load({ files, env: { ENVOY2MQTT_TOKEN: "d.e.f" } }).gateways[0]).toMatchObject({ token: "d.e.f", tokenFile: null });
  });

  test("each gateway of a list has its own", () => {
    const files = {
      "/srv/config/envoy2mqtt.yaml":
        "gateways:\n  - host: a\n    token_file: a.token\n  - host: b\n    password_file: /b\n    username: me\n",
      "/srv/config/a.token": "x.y.z",
      "/b": "hush",
    };
    const config = load({ files });
    expect(config.gateways[0]).toMatchObject({ token: "x.y.z", tokenFile: "/srv/config/a.token" });
    expect(config.gateways[1]).toMatchObject({ password: "hush", tokenFile: null });
  });

  test.each([
    [{ env: { ENVOY2MQTT_TOKEN_FILE: "/nowhere" } }, "ENVOY2MQTT_TOKEN_FILE names a file that does not exist: /nowhere"],
    [{ args: { "password-file": "nowhere" } }, "--password-file names a file that does not exist: /srv/nowhere"],
    [{ env: { ENVOY2MQTT_TOKEN_FILE: "/t" }, files: { "/t": "\n" } }, "ENVOY2MQTT_TOKEN_FILE names an empty file: /t"],
    [
      { env: { ENVOY2MQTT_TOKEN_FILE: "/t", ENVOY2MQTT_TOKEN: "x" } },
      "ENVOY2MQTT_TOKEN_FILE stands beside ENVOY2MQTT_TOKEN: only one of them can count",
    ],
    [
      { files: { "/srv/config/envoy2mqtt.yaml": "token: a\ntoken_file: b" } },
      "config/envoy2mqtt.yaml: token_file stands beside token: only one of them can count",
    ],
    [{ files: { "/srv/config/envoy2mqtt.yaml": "token_file: 5" } }, "config/envoy2mqtt.yaml: token_file must name a file"],
    [
      { files: { "/srv/config/envoy2mqtt.yaml": "gateways:\n- host: a\n- host: b\n  token_file: nowhere" } },
      "config/envoy2mqtt.yaml: gateways[2].token_file names a file that does not exist: /srv/config/nowhere",
    ],
    [{ files: { "/srv/config/envoy2mqtt.yaml": "host_file: x" } }, "config/envoy2mqtt.yaml: host_file is not a known key"],
  ])("%j", (given, line) => {
    expect(problem(given)).toBe(line);
  });
});
