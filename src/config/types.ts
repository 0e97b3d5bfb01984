/** How the gateway's certificate is trusted: pinned on first use, verified against the system's authorities, or not looked at. */
export const SITE_LIMITS = ["auto", "always", "never"] as const;
export const TLS_MODES = ["pin", "verify", "off"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["auto", "json", "text"] as const;
/** `auto`: text on a terminal, JSON elsewhere. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Seconds between two readings of the sources of one kind. */
export interface Intervals {
  readonly meters: number;
  readonly production: number;
  readonly inverters: number;
  readonly inventory: number;
}

/** An endpoint that the user names: published as it is on `<base>/<serial>/<topic>`. `interval` in seconds. */
export interface ExtraEndpoint {
  readonly path: string;
  readonly topic: string;
  readonly interval: number;
}

/** One gateway. Secrets: `token`, `password`. */
export interface GatewayConfig {
  /** Name, address, or URL with its own port; `null`: to be found by mDNS. */
  readonly host: string | null;
  readonly token: string | null;
  /** Enlighten's user, or the gateway's own below firmware 7; `null` without. */
  readonly username: string | null;
  readonly password: string | null;
  /** The gateway is refused when `/info` says another. */
  readonly serial: string | null;
  readonly tls: TlsMode;
  /** For logs and the page; `null`: its serial. */
  readonly name: string | null;
  /** Gateways with the same site are added up; `null`: alone. */
  readonly site: string | null;
  /** IANA name; `null`: as the gateway says. */
  readonly timeZone: string | null;
  /** Whether export and production limits are asked for; `auto`: by firmware. */
  readonly siteLimits: (typeof SITE_LIMITS)[number];
  readonly intervals: Intervals;
  /** Names of the controls that may be used over MQTT; none by default. */
  readonly controls: readonly string[];
  readonly extraEndpoints: readonly ExtraEndpoint[];
  /** Where the token comes from when it is in a file of its own (worth watching); `null` otherwise. */
  readonly tokenFile: string | null;
}

/** The broker. Secret: `password`. */
export interface MqttConfig {
  /** Without user and password, these are below; `null`: the embedded broker. */
  readonly url: string | null;
  readonly username: string | null;
  readonly password: string | null;
  /** `null`: one is made from the base topic. */
  readonly clientId: string | null;
  /** `auto`: 5, and 3.1.1 after a protocol refusal. */
  readonly protocol: "auto" | "5" | "3.1.1";
  readonly baseTopic: string;
  readonly discovery: boolean;
  readonly discoveryPrefix: string;
  readonly birthTopic: string;
  readonly birthPayload: string;
  /** Names of PEM files; the connection reads them. */
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null };
  /** TCP port of the embedded broker on loopback; 0 for any free one. */
  readonly embeddedPort: number;
}

/** Everything that a user decides. Frozen, checked, with every default filled in. */
export interface Config {
  /** At least one. */
  readonly gateways: readonly GatewayConfig[];
  readonly enlighten: { readonly loginUrl: string; readonly tokenUrl: string };
  readonly mqtt: MqttConfig;
  readonly stateDir: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly web: {
    /** `null`: no page. */
    readonly listen: { readonly host: string; readonly port: number } | null;
    /** Names under which the page may be asked for, besides addresses and `localhost`. */
    readonly hosts: readonly string[];
    /** Needed where the page can be reached from other machines. Secret. */
    readonly password: string | null;
  };
  /** `offline` after so many missed polls and so many seconds without a good core reading, whichever is later. */
  readonly availability: { readonly missedPolls: number; readonly seconds: number };
  /** Files that were read: the configuration and secrets. A change in one of them is worth a new try. */
  readonly files: readonly string[];
}
