import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "undici";
import { writeConfiguration } from "./configuration.ts";

export interface HomeState {
  readonly entity_id: string;
  readonly state: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}
export interface HomeEntity {
  readonly entity_id: string;
  readonly unique_id: string;
  readonly platform: string;
  readonly device_id: string | null;
  readonly disabled_by: string | null;
  readonly entity_category: string | null;
  readonly name: string | null;
  readonly original_name: string | null;
}
export interface HomeDevice {
  readonly id: string;
  readonly name: string | null;
  readonly model: string | null;
  readonly manufacturer: string | null;
  readonly sw_version: string | null;
  readonly hw_version: string | null;
  readonly serial_number: string | null;
  readonly via_device_id: string | null;
  readonly identifiers: readonly (readonly string[])[];
}
export interface HomeLogEntry {
  readonly name: string;
  readonly level: string;
  readonly message: readonly string[];
  readonly count: number;
}

/** A running Home Assistant. */
export interface Home {
  readonly url: string;
  readonly token: string;
  /** One WebSocket command; rejects with what Home Assistant says when it refuses. */
  ask<T>(type: string, details?: object): Promise<T>;
  states(): Promise<readonly HomeState[]>;
  entities(): Promise<readonly HomeEntity[]>;
  devices(): Promise<readonly HomeDevice[]>;
  /** Warnings and errors since its start that concern what we publish. */
  complaints(): Promise<readonly HomeLogEntry[]>;
  rest(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
  /** SIGKILL, for a house that is not needed any more. */
  kill(): Promise<void>;
}

const OUR_LOGGERS = [
  "homeassistant.components.mqtt",
  "homeassistant.components.sensor",
  "homeassistant.components.binary_sensor",
  "homeassistant.components.recorder",
  "homeassistant.helpers.template",
];

/** Starts the Home Assistant of `folder` with the house `name` and waits until it runs (about six seconds). */
export async function startHome(options: {
  readonly folder: string;
  readonly name: string;
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly frontend?: boolean;
  /** Fetches packages that it misses, which may take minutes. */
  readonly fetch?: boolean;
}): Promise<Home> {
  const { folder, name, brokerPort, httpPort } = options;
  const token = writeConfiguration({
    folder: join(folder, "root", "config", name),
    brokerPort,
    httpPort,
    frontend: options.frontend ?? false,
  });
  const fetch = options.fetch ?? false;
  const child = spawn(join(import.meta.dirname, "run.sh"), [folder, name], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HASS_FETCH: fetch ? "yes" : "no" },
  });
  let printed = "";
  const keep = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const url = `http://127.0.0.1:${httpPort}`;
  const rest = restApi(url, token);
  try {
    await running(rest, child, () => printed, fetch ? 10 : 2);
    const socket = await connect(url, token);
    return { url, token, rest, ...questions(socket), stop: () => end(child, socket, "SIGTERM"), kill: () => end(child, socket, "SIGKILL") };
  } catch (error) {
    await end(child, null, "SIGKILL");
    throw error;
  }
}

function restApi(url: string, token: string): Home["rest"] {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Home Assistant answers ${method} ${path} with ${response.status}: ${text.slice(0, 300)}`);
    return text === "" ? null : JSON.parse(text);
  };
}

async function running(rest: Home["rest"], child: ChildProcess, printed: () => string, minutes: number): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`Home Assistant ended with ${child.exitCode}: ${printed()}`);
    const answer = (await rest("GET", "/api/config").catch(() => null)) as { state?: string; recovery_mode?: boolean } | null;
    if (answer?.recovery_mode === true) throw new Error(`Home Assistant lacks packages, run setup.sh again: ${printed()}`);
    if (answer?.state === "RUNNING") return;
    await wait(200);
  }
  throw new Error(`Home Assistant did not start within ${minutes} minutes: ${printed()}`);
}

async function connect(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/websocket`);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("Home Assistant's WebSocket API cannot be reached")), { once: true });
    socket.addEventListener("message", function hear(event) {
      const { type } = JSON.parse(String(event.data));
      if (type === "auth_required") socket.send(JSON.stringify({ type: "auth", access_token: token }));
      else {
        socket.removeEventListener("message", hear);
        if (type === "auth_ok") resolve();
        else reject(new Error("Home Assistant refuses the token"));
      }
    });
  });
  return socket;
}

function questions(socket: WebSocket): Pick<Home, "ask" | "states" | "entities" | "devices" | "complaints"> {
  let id = 0;
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (reason: Error) => void }>();
  socket.addEventListener("message", (event) => {
    const answer = JSON.parse(String(event.data));
    const asked = waiting.get(answer.id);
    if (asked === undefined || answer.type !== "result") return;
    waiting.delete(answer.id);
    if (answer.success) asked.resolve(answer.result);
    else asked.reject(new Error(JSON.stringify(answer.error)));
  });
  socket.addEventListener("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("Home Assistant's WebSocket API closed"));
    waiting.clear();
  });
  const ask = <T>(type: string, details: object = {}) =>
    new Promise<T>((resolve, reject) => {
      id += 1;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      socket.send(JSON.stringify({ id, type, ...details }));
    });
  return {
    ask,
    states: () => ask("get_states"),
    entities: () => ask("config/entity_registry/list"),
    devices: () => ask("config/device_registry/list"),
    complaints: async () => {
      const log = await ask<readonly HomeLogEntry[]>("system_log/list");
      return log.filter(({ name }) => OUR_LOGGERS.some((logger) => name === logger || name.startsWith(`${logger}.`)));
    },
  };
}

async function end(child: ChildProcess, socket: WebSocket | null, signal: NodeJS.Signals): Promise<void> {
  socket?.close();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
  await ended;
  clearTimeout(late);
}
