import type { EnlightenOptions } from "./auth/enlighten.ts";
import type { Config, GatewayConfig } from "./config/types.ts";
import type { OpenTransport } from "./envoy/transport.ts";
import type { Clock } from "./lib/clock.ts";
import type { Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";
import type { MqttOptions } from "./mqtt/mqtt-types.ts";

/** What a bridge is made of, besides its own parts. */
export interface BridgeOptions {
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly files: Files;
  readonly logger: Logger;
  /** Finds a gateway that was configured without a host; ends when `signal` aborts. */
  readonly findHost: (gateway: GatewayConfig, signal: AbortSignal) => Promise<string>;
  /** The configured token of a gateway as it is now; a file may have changed. */
  readonly token: (gateway: GatewayConfig) => string | null;
  /** PEM of a further authority for the cloud, for the demo and tests. */
  readonly cloudCa?: string | null;
  readonly edges?: Edges;
}

/** What would be sockets; a simulation in virtual time brings its own. */
export interface Edges {
  readonly transport: OpenTransport;
  readonly post: NonNullable<EnlightenOptions["post"]>;
  readonly broker: NonNullable<MqttOptions["edge"]>;
}
