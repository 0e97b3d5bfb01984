import { type Catalogue, createCatalogue } from "./entities/catalogue.ts";
import { eventsBetween, type Moment } from "./entities/events.ts";
import type { Facts } from "./entities/facts.ts";
import {
  type AvailabilityEvent,
  type AvailabilityLimits,
  availabilityMessage,
  nextAvailability,
  startAvailability,
} from "./homeassistant/availability.ts";
import { discoveryMessages } from "./homeassistant/discovery.ts";
import { eventMessage } from "./homeassistant/event-message.ts";
import { lifecycleMessage } from "./homeassistant/lifecycle-message.ts";
import { createStateMessages } from "./homeassistant/state.ts";
import type { Clock } from "./lib/clock.ts";
import type { Json } from "./model/json.ts";
import type { LifecycleStatus } from "./model/lifecycle.ts";
import type { Message } from "./model/message.ts";
import type { BridgeEvent, Device, View } from "./model/view.ts";
import type { Publishing } from "./publishing.ts";

/** Seconds after which an answer of an endpoint that a person named is forgotten by the broker. */
const EXTRA_EXPIRY = 3_600;

export interface GatewayVoiceOptions extends Publishing {
  readonly limits: AvailabilityLimits;
  readonly clock: Clock;
}

/** Says on MQTT how one gateway stands. Nothing is said of its values until each source was asked once. */
export interface GatewayVoice {
  /** What is known now, of a gateway each of whose sources was asked. */
  tell(facts: Facts): void;
  lifecycle(serial: string, status: LifecycleStatus): void;
  event(serial: string, event: BridgeEvent): void;
  /** What an endpoint that a person named answered, as it is. */
  extra(serial: string, path: string, answer: Json): void;
  /** The serial is that of the gateway last seen there, `null` where none ever was. */
  availability(serial: string | null, type: AvailabilityEvent["type"]): void;
  online(): boolean;
  view(): View | null;
  /** The devices as they were last announced. */
  devices(): readonly Device[];
}

export function createGatewayVoice(options: GatewayVoiceOptions): GatewayVoice {
  const { mqtt, topics, clock, limits, discovery } = options;
  const makeView: Catalogue = createCatalogue();
  const messagesOf = createStateMessages(topics);
  let availability = startAvailability(clock.monotonic());
  let said: string | null = null;
  let last: Moment | null = null;

  function event(serial: string, happened: BridgeEvent): void {
    mqtt.event(eventMessage(serial, happened, topics));
  }

  return {
    tell(facts) {
      const view = makeView(facts);
      const before = last;
      last = { facts, view };
      mqtt.offer("values", messagesOf(view));
      if (discovery !== null && view.devices !== before?.view.devices) {
        mqtt.offer("discovery", discoveryMessages(view, { topics, ...discovery }) as Message[]);
      }
      if (before !== null && before.view !== view)
        for (const happened of eventsBetween(before, last)) event(facts.gateway.serial, happened);
    },
    lifecycle(serial, status) {
      mqtt.offer("values", [lifecycleMessage(serial, status, topics)]);
    },
    event,
    extra(serial, path, answer) {
      const topic = topics.state(serial, path.toLowerCase());
      mqtt.offer("values", [{ topic, payload: JSON.stringify(answer), retain: true, qos: 0, expiry: EXTRA_EXPIRY, json: true }]);
    },
    availability(serial, type) {
      availability = nextAvailability(availability, type === "stopped" ? { type } : { type, at: clock.monotonic() }, limits);
      if (serial === null || availability.said === null) return;
      const text = `${serial} ${availability.said}`;
      if (text === said) return;
      said = text;
      mqtt.offer("availability", [availabilityMessage(serial, availability.said, topics)]);
    },
    online: () => availability.said === "online",
    view: () => last?.view ?? null,
    devices: () => last?.view.devices ?? [],
  };
}
