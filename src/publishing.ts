import type { Mqtt } from "./mqtt/mqtt-types.ts";
import type { Topics } from "./mqtt/topics.ts";

/** Where and how everything is published. */
export interface Publishing {
  readonly mqtt: Mqtt;
  readonly topics: Topics;
  /** `null`: discovery is switched off. */
  readonly discovery: { readonly version: string; readonly supportUrl: string } | null;
}
