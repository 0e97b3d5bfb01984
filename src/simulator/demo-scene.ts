import type { SimulatorClock } from "./clock.ts";
import { machineClock } from "./clock.ts";
import { type SimulatedCloud, startCloud } from "./cloud.ts";
import { type SimulatedGateway, startGateway } from "./gateway.ts";
import { createScene, type Scene, type SceneOptions } from "./scene/scene.ts";

export interface DemoOptions extends Omit<SceneOptions, "start"> {
  readonly clock?: SimulatorClock;
  /** Life of the tokens that the cloud gives, ms; a year where not given. */
  readonly tokenLifetimeMs?: number;
  readonly random?: () => number;
}

/** A house with its gateway and cloud, and what a configuration needs to use them. */
export interface Demo {
  readonly scene: Scene;
  readonly gateway: SimulatedGateway;
  readonly cloud: SimulatedCloud;
  /** URL of the gateway, for `host`. */
  readonly host: string;
  readonly loginUrl: string;
  readonly tokenUrl: string;
  /** PEM of the authority that the cloud's certificate is checked with. */
  readonly ca: string;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

/** A day of three minutes. */
const DEMO_SPEED = 480;

/** Starts a house of 12 inverters in fast motion, beginning in the morning, with its gateway and cloud on loopback. */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const clock = options.clock ?? machineClock;
  const timing = { clock, ...(options.random === undefined ? {} : { random: options.random }) };
  const scene = createScene({ speed: DEMO_SPEED, startHour: 8, ...options, start: clock.now() });
  const account = { email: "home@example.com", password: "simulated", serials: [scene.serial] };
  const lifetime = options.tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs: options.tokenLifetimeMs };
  const cloud = await startCloud({ accounts: [account], ...timing, ...lifetime });
  const gateway = await startGateway({ content: scene, trustedKey: cloud.key.publicKey, ...timing }).catch(async (error: unknown) => {
    await cloud.close();
    throw error;
  });
  return {
    scene,
    gateway,
    cloud,
    host: gateway.url,
    loginUrl: cloud.loginUrl,
    tokenUrl: cloud.tokenUrl,
    ca: cloud.ca,
    username: account.email,
    password: account.password,
    close: async () => void (await Promise.all([gateway.close(), cloud.close()])),
  };
}
