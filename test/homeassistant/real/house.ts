import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type BrokerProcess, freePort } from "../../support/broker-process.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { HOME_FOLDER } from "./folder.ts";
import { type Home, type HomeState, startHome } from "./home.ts";

/** A broker and a Home Assistant joined to it. */
export interface House {
  readonly broker: BrokerProcess;
  readonly home: Home;
  /** Stops Home Assistant and starts it again with what it has stored. */
  restartHome(): Promise<void>;
  state(entityId: string): Promise<HomeState | undefined>;
  end(): Promise<void>;
}

export async function startHouse(): Promise<House> {
  const name = `house-${randomBytes(4).toString("hex")}`;
  const broker = await startMosquitto();
  const httpPort = await freePort();
  const start = () => startHome({ folder: HOME_FOLDER, name, brokerPort: broker.port, httpPort });
  let home: Home;
  try {
    home = await start();
  } catch (error) {
    await broker.stop();
    throw error;
  }
  return {
    broker,
    get home() {
      return home;
    },
    async restartHome() {
      await home.stop();
      home = await start();
    },
    state: async (entityId) => (await home.states()).find(({ entity_id }) => entity_id === entityId),
    async end() {
      await home.kill();
      await broker.stop();
      rmSync(join(HOME_FOLDER, "root", "config", name), { recursive: true, force: true });
    },
  };
}

/** Asks until there is an answer that is neither `false` nor `null` nor `undefined`. */
export async function eventually<T>(what: string, look: () => Promise<T | false | null | undefined>, ms = 60_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await wait(250);
  }
}

/**
 * Enables entities. Home Assistant loads them by itself thirty seconds later, with a reload of all of MQTT. A reload while it is still adding what it
 * was just told of loses a whole platform until its next start, so there is no other one, and this waits until all is added.
 */
export async function enable(home: Home, entityIds: readonly string[]): Promise<void> {
  await eventually(
    "all that is enabled is loaded",
    async () => {
      const loaded = new Map((await home.states()).map(({ entity_id, attributes }) => [entity_id, attributes["restored"] !== true]));
      const enabled = (await home.entities()).filter(({ platform, disabled_by }) => platform === "mqtt" && disabled_by === null);
      return enabled.every(({ entity_id }) => loaded.get(entity_id) === true);
    },
    120_000,
  );
  await Promise.all(entityIds.map((entity_id) => home.ask("config/entity_registry/update", { entity_id, disabled_by: null })));
}
