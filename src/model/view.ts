import type { JsonScalar } from "./json.ts";

/** The platforms of Home Assistant that we announce. */
export type Platform = "sensor" | "binary_sensor" | "event" | "switch" | "number" | "select" | "button";

/** How a user may set it: the topic is `<base>/<serial>/set/<control>`. */
export interface Command {
  readonly control: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly options?: readonly string[];
}

/** One entity, in Home Assistant's terms, without its wire format. */
export interface Entity {
  readonly platform: Platform;
  /** Component id in the device's discovery message: `[a-z0-9_]+`, never changes. */
  readonly id: string;
  /** Never changes. `envoy2mqtt_` + the unique id of Home Assistant's own integration, where it has this entity. */
  readonly uniqueId: string;
  /** `undefined`: named after its device class. `null`: the device's main feature. Else without the device's name. */
  readonly name: string | null | undefined;
  /** With its domain, as Home Assistant's own integration would give it. */
  readonly defaultEntityId: string;
  /** State topic below `<base>/<serial>/`, such as `production` or `inverter/122…`. */
  readonly topic: string;
  /** Key in that topic's JSON. An event entity reads the whole message. */
  readonly key: string;
  readonly deviceClass?: string;
  readonly stateClass?: "measurement" | "total" | "total_increasing";
  readonly unit?: string;
  readonly precision?: number;
  readonly category?: "diagnostic" | "config";
  readonly enabledByDefault: boolean;
  readonly icon?: string;
  /** Options of an enum sensor or select; event types of an event. */
  readonly options?: readonly string[];
  readonly command?: Command;
  /** Shown while the gateway is away, too, such as the lifecycle's state: only the bridge itself must be there. */
  readonly withoutGateway?: boolean;
}

/** One device. `id` is also its discovery id and identifier: `[a-z0-9_-]+`. */
export interface Device {
  readonly id: string;
  readonly name: string;
  readonly manufacturer: "Enphase";
  readonly model: string;
  readonly serialNumber: string | null;
  readonly softwareVersion: string | null;
  readonly hardwareVersion: string | null;
  /** `id` of the parent, `null` for the gateway. */
  readonly via: string | null;
  readonly configurationUrl: string | null;
  readonly entities: readonly Entity[];
}

/** One state topic with everything that is published on it. Every announced key is present; unknown is `null`. */
export interface StateTopic {
  /** Below `<base>/<serial>/`. */
  readonly path: string;
  readonly payload: { readonly [key: string]: JsonScalar };
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** Seconds after which it is no longer true if nothing new comes; `null` for never. */
  readonly expiry: number | null;
}

/** What one gateway looks like from outside. Parents come before their children in `devices`. */
export interface View {
  /** As a topic level: the gateway's serial, `[a-z0-9_-]+`. */
  readonly serial: string;
  readonly devices: readonly Device[];
  readonly states: readonly StateTopic[];
}

/** Something that happened, published once on `<serial>/event`. */
export interface BridgeEvent {
  readonly type: string;
  readonly at: number;
  readonly details: { readonly [key: string]: JsonScalar };
}
