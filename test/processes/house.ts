import { ACCOUNT, startWorld, type World, type WorldOptions } from "../support/world.ts";

/** A house for a bridge in a process of its own, with the variables that the bridge needs. */
export interface House {
  readonly world: World;
  readonly env: Readonly<Record<string, string>>;
}

/** The cloud speaks plain http, which is taken on loopback only. `folder` is the bridge's state folder. */
export async function houseFor(folder: string, options: WorldOptions = {}): Promise<House> {
  const world = await startWorld({ start: false, plainCloud: true, ...options });
  return {
    world,
    env: {
      ENVOY2MQTT_HOST: world.gateway.host,
      ENVOY2MQTT_USERNAME: ACCOUNT.email,
      ENVOY2MQTT_PASSWORD: ACCOUNT.password,
      ENVOY2MQTT_STATE_DIR: folder,
      ENVOY2MQTT_MQTT_URL: world.brokerUrl,
      ENVOY2MQTT_MQTT_PROTOCOL: "3.1.1",
      ENVOY2MQTT_ENLIGHTEN_LOGIN_URL: world.cloud.loginUrl,
      ENVOY2MQTT_ENLIGHTEN_TOKEN_URL: world.cloud.tokenUrl,
      ENVOY2MQTT_WEB_LISTEN: "off",
      ENVOY2MQTT_INTERVALS_METERS: "1",
      ENVOY2MQTT_INTERVALS_PRODUCTION: "1",
    },
  };
}

export const online = ({ watch, topic }: World, ms = 20_000) =>
  watch.until("online", () => watch.last(topic("availability")) === "online", ms);
