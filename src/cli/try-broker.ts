import type { MqttConfig } from "../config/types.ts";
import { systemClock } from "../lib/clock.ts";
import { silentLogger } from "../lib/logger.ts";
import { BridgeError } from "../model/errors.ts";
import { createMqtt } from "../mqtt/mqtt.ts";
import { createTopics } from "../mqtt/topics.ts";

/** Connects to the broker as the bridge would, under a name of its own, and leaves again. Says how; throws what is wrong. */
export async function tryBroker(config: MqttConfig, signal: AbortSignal): Promise<string> {
  if (config.url === null) return "none is configured: the embedded one will listen on this machine only";
  const { url, username, password, tls } = config;
  const mqtt = createMqtt({
    broker: { url, username, password, tls, clientId: `envoy2mqtt-check-${process.pid}` },
    protocol: config.protocol,
    // Not the topics of the bridge: it may be running, and its state is its own.
    topics: createTopics(`${config.baseTopic}/check`, config.discoveryPrefix),
    birth: null,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    discovery: { isOwn: () => false, removalStep: () => null },
    onCommand: () => {},
  });
  mqtt.start();
  try {
    for (let tries = 0; tries < 100; tries++) {
      const { connected, protocol, problem } = mqtt.stats();
      if (connected) return `${url} with MQTT ${protocol === 5 ? "5" : "3.1.1"}`;
      if (problem !== null && tries > 10) throw new BridgeError("unreachable", problem);
      await systemClock.sleep(100, signal);
    }
    throw new BridgeError("unreachable", mqtt.stats().problem ?? `${url} does not answer`);
  } finally {
    mqtt.forget(createTopics(`${config.baseTopic}/check`, config.discoveryPrefix).bridgeState);
    await mqtt.stop();
  }
}
