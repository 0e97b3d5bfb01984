import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface HomeConfiguration {
  /** Folder that becomes Home Assistant's configuration. */
  readonly folder: string;
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly frontend: boolean;
}

const YEARS = 315_360_000;

/**
 * Writes what Home Assistant keeps in its store after a person went through onboarding and joined it to a broker: an owner with a
 * long-lived token, and the MQTT integration. A folder that has it already only gets the broker's present port.
 *
 * @returns the access token for its REST and WebSocket API.
 */
export function writeConfiguration(configuration: HomeConfiguration): string {
  const { folder, brokerPort, httpPort, frontend } = configuration;
  const store = join(folder, ".storage");
  mkdirSync(store, { recursive: true });
  const save = (key: string, version: number, minor: number, data: unknown) =>
    writeFileSync(join(store, key), JSON.stringify({ version, minor_version: minor, key, data }));

  writeFileSync(join(folder, "configuration.yaml"), yaml(frontend));
  // The address of its web server is in the store: one named in YAML would be a trial that it ends by itself after five minutes.
  save("http", 3, 1, httpStore(httpPort));

  const entries = join(store, "core.config_entries");
  const tokenFile = join(folder, "token");
  if (existsSync(entries)) {
    const kept = JSON.parse(readFileSync(entries, "utf8"));
    for (const entry of kept.data.entries) if (entry.domain === "mqtt") entry.data.port = brokerPort;
    writeFileSync(entries, JSON.stringify(kept));
    return readFileSync(tokenFile, "utf8");
  }
  save("core.config_entries", 1, 5, { entries: [mqttEntry(brokerPort)] });
  const owner = ownerWithToken();
  save("auth", 1, 1, owner.store);
  save("onboarding", 4, 1, { done: ["user", "core_config", "analytics", "integration"] });
  writeFileSync(tokenFile, owner.token);
  return owner.token;
}

function yaml(frontend: boolean): string {
  return `homeassistant:
  name: A house
  unit_system: metric
  time_zone: Europe/Amsterdam
  country: NL
  currency: EUR
  latitude: 52.37
  longitude: 4.90
  elevation: 0
api:
websocket_api:
config:
system_log:
  max_entries: 500
logger:
  default: warning
recorder:
  commit_interval: 1
history:
energy:
${frontend ? "frontend:\nlogbook:\n" : ""}`;
}

function httpStore(port: number): object {
  return {
    stable: {
      server_host: ["127.0.0.1"],
      server_port: port,
      cors_allowed_origins: [],
      login_attempts_threshold: -1,
      ip_ban_enabled: false,
      ssl_profile: "intermediate_v6",
      use_x_frame_options: true,
      created_at: new Date().toISOString(),
      error: null,
      error_message: null,
    },
    pending: null,
    yaml_migration_done: true,
  };
}

function mqttEntry(port: number): object {
  const now = new Date().toISOString();
  return {
    created_at: now,
    modified_at: now,
    data: { broker: "127.0.0.1", port, protocol: "5" },
    disabled_by: null,
    discovery_keys: {},
    domain: "mqtt",
    entry_id: randomBytes(16).toString("hex"),
    minor_version: 1,
    options: {},
    pref_disable_new_entities: false,
    pref_disable_polling: false,
    source: "user",
    subentries: [],
    title: "Broker",
    unique_id: null,
    version: 2,
  };
}

function ownerWithToken(): { readonly store: object; readonly token: string } {
  const user = randomBytes(16).toString("hex");
  const refresh = randomBytes(16).toString("hex");
  const key = randomBytes(64).toString("hex");
  const groups = { admin: "Administrators", users: "Users", "read-only": "Read Only" };
  const store = {
    users: [
      { id: user, group_ids: ["system-admin"], is_owner: true, is_active: true, name: "Owner", system_generated: false, local_only: false },
    ],
    groups: Object.entries(groups).map(([id, name]) => ({ id: `system-${id}`, name })),
    credentials: [],
    refresh_tokens: [
      {
        id: refresh,
        user_id: user,
        client_id: null,
        client_name: "tests",
        client_icon: null,
        token_type: "long_lived_access_token",
        created_at: new Date().toISOString(),
        access_token_expiration: YEARS,
        token: randomBytes(64).toString("hex"),
        jwt_key: key,
        last_used_at: null,
        last_used_ip: null,
        expire_at: null,
        credential_id: null,
        version: "0",
      },
    ],
  };
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ iss: refresh, iat: now - 60, exp: now + YEARS })}`;
  return { store, token: `${body}.${createHmac("sha256", key).update(body).digest("base64url")}` };
}
