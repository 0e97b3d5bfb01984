import { BridgeError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { isUsable } from "./answers.ts";
import { isObject, type JsonObject, objects } from "./decode.ts";

/** How the gateway is written to. Both ask the gateway itself: an answer kept from before would confirm anything. */
export interface ControlPort {
  get(path: string): Promise<unknown>;
  /** Sends a JSON body once, with `Content-Type: application/octet-stream`, and gives the JSON of a 2xx answer; throws `BridgeError` else. */
  send(method: "POST" | "PUT" | "DELETE", path: string, body: Json): Promise<unknown>;
}

/** What was asked for was sent and taken. */
export interface Written {
  /** The gateway showed the new value when it was read again at once. False says nothing yet: a relay needs up to 30 s. */
  readonly confirmed: boolean;
}

export const nothing = () => {};

/** Throws `command`: nothing was sent. */
export function refuse(message: string): never {
  throw new BridgeError("command", message);
}

export function requirePercent(value: number, what: string): void {
  if (!(value >= 0 && value <= 100)) refuse(`${what} must be from 0 to 100 %, not ${value}`);
}

export function requireOneOf<T extends string>(value: string, values: readonly T[], what: string): T {
  return values.find((known) => known === value) ?? refuse(`${what} must be one of ${values.join(", ")}`);
}

/** Throws `implausible` where the gateway took the request but answers with an error report. */
export async function write(port: ControlPort, method: "POST" | "PUT" | "DELETE", path: string, body: Json): Promise<void> {
  const answer = await port.send(method, path, body);
  if (isObject(answer) && !isUsable(answer) && Object.keys(answer).length > 0) {
    throw new BridgeError("implausible", `${method} ${path}: the gateway answered with an error; nothing may have changed`);
  }
}

/** Reads again; whatever fails then does not undo the write, it only leaves it unconfirmed. */
export async function confirm(port: ControlPort, path: string, holds: (answer: unknown) => boolean): Promise<Written> {
  try {
    return { confirmed: holds(await port.get(path)) };
  } catch (error) {
    if (error instanceof BridgeError && error.code !== "aborted") return { confirmed: false };
    throw error;
  }
}

const INVENTORY = "/ivp/ensemble/inventory";

/** Connects the house to the grid (`closed`) or takes it off (`open`). Needs a System Controller. */
export async function setGridRelay(port: ControlPort, state: "open" | "closed"): Promise<Written> {
  requireOneOf(state, ["open", "closed"], "the grid relay");
  await write(port, "POST", "/ivp/ensemble/relay", { mains_admin_state: state });
  return confirm(port, INVENTORY, (answer) => {
    const controller = objects(answer, INVENTORY, nothing).findLast((item) => item["type"] === "ENPOWER");
    return objects(controller?.["devices"], INVENTORY, nothing)[0]?.["mains_admin_state"] === state;
  });
}

const GENERATOR_MODE = "/ivp/ss/gen_mode";

export async function setGeneratorMode(port: ControlPort, mode: "off" | "on" | "auto"): Promise<Written> {
  requireOneOf(mode, ["off", "on", "auto"], "the generator's mode");
  await write(port, "POST", GENERATOR_MODE, { gen_cmd: mode });
  return confirm(port, GENERATOR_MODE, (answer) => isObject(answer) && answer["gen_cmd"] === mode);
}

const ACB_CONFIG = "/admin/lib/acb_config";
const ACB_INVENTORY = "/inventory.json?deleted=1";

/** Sends AC batteries to sleep until their charge is between `minSoc` and `maxSoc`, %. `known`: the serials that the inventory lists. */
export async function sleepAcBatteries(
  port: ControlPort,
  known: ReadonlySet<string>,
  batteries: readonly { readonly serial: string; readonly minSoc: number; readonly maxSoc: number }[],
): Promise<Written> {
  requireKnown(known, batteries);
  for (const { minSoc, maxSoc } of batteries) {
    requirePercent(minSoc, "the lower charge to sleep at");
    requirePercent(maxSoc, "the upper charge to sleep at");
    if (minSoc > maxSoc) refuse(`the lower charge to sleep at (${minSoc} %) must not be above the upper one (${maxSoc} %)`);
  }
  const acb_sleep = batteries.map(({ serial, minSoc, maxSoc }) => ({ serial_num: serial, sleep_min_soc: minSoc, sleep_max_soc: maxSoc }));
  await write(port, "PUT", ACB_CONFIG, { acb_sleep });
  return confirmSleep(port, batteries, true);
}

export async function wakeAcBatteries(
  port: ControlPort,
  known: ReadonlySet<string>,
  batteries: readonly { readonly serial: string }[],
): Promise<Written> {
  requireKnown(known, batteries);
  await write(port, "DELETE", ACB_CONFIG, { acb_sleep: batteries.map(({ serial }) => ({ serial_num: serial })) });
  return confirmSleep(port, batteries, false);
}

function requireKnown(known: ReadonlySet<string>, batteries: readonly { readonly serial: string }[]): void {
  if (batteries.length === 0) refuse("no AC battery is named");
  const stranger = batteries.find(({ serial }) => !known.has(serial));
  if (stranger !== undefined) refuse(`there is no AC battery ${stranger.serial}`);
}

function confirmSleep(port: ControlPort, batteries: readonly { readonly serial: string }[], isAsleep: boolean): Promise<Written> {
  return confirm(port, ACB_INVENTORY, (answer) => {
    const listed = objects(answer, ACB_INVENTORY, nothing).filter((item) => item["type"] === "ACB");
    const devices: readonly JsonObject[] = listed.flatMap((item) => objects(item["devices"], ACB_INVENTORY, nothing));
    return batteries.every(({ serial }) => devices.find((device) => device["serial_num"] === serial)?.["sleep_enabled"] === isAsleep);
  });
}
