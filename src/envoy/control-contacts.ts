import type { Json } from "../model/json.ts";
import type { DryContactAction } from "../model/snapshot.ts";
import { getObject } from "./answers.ts";
import { type ControlPort, confirm, nothing, refuse, requireOneOf, requirePercent, type Written, write } from "./control.ts";
import { isObject, type JsonObject, objects } from "./decode.ts";

const STATES = "/ivp/ensemble/dry_contacts";
const SETTINGS = "/ivp/ss/dry_contact_settings";
const ACTIONS: readonly DryContactAction[] = ["apply", "shed", "schedule", "none"];

/** Opens or closes a relay of the System Controller. */
export async function setDryContact(port: ControlPort, id: string, status: "open" | "closed"): Promise<Written> {
  requireOneOf(status, ["open", "closed"], "a dry contact");
  contactOf(await getObject((path) => port.get(path), STATES), id);
  await write(port, "POST", STATES, { dry_contacts: { id, status } });
  return confirm(port, STATES, (answer) => isObject(answer) && find(answer, id)?.["status"] === status);
}

/** What may be changed of a relay's settings. Charge in %. */
export interface DryContactChange {
  readonly mode?: "manual" | "soc";
  readonly gridAction?: DryContactAction;
  readonly microGridAction?: DryContactAction;
  readonly generatorAction?: DryContactAction;
  readonly socLow?: number;
  readonly socHigh?: number;
  readonly loadName?: string;
}

/**
 * Changes some settings of a relay. The gateway replaces them all, so the present ones are read first and sent along, those of newer
 * firmware that we do not know as well.
 */
export async function setDryContactSettings(port: ControlPort, id: string, change: DryContactChange): Promise<Written> {
  const wanted = checked(change);
  const present = contactOf(await getObject((path) => port.get(path), SETTINGS), id);
  const merged: { readonly [key: string]: Json } = { ...(present as { readonly [key: string]: Json }), ...wanted };
  const { soc_low: low, soc_high: high } = merged;
  if (("soc_low" in wanted || "soc_high" in wanted) && typeof low === "number" && typeof high === "number" && low >= high) {
    refuse(`${id} must be cut off at a lower charge (${low} %) than it is restored at (${high} %)`);
  }
  const flags = { override: String(isTrue(present["override"])), manual_override: manualOverride(present["manual_override"]) };
  await write(port, "POST", SETTINGS, { dry_contacts: { ...merged, ...flags } });
  return confirm(port, SETTINGS, (answer) => {
    const shown = isObject(answer) ? find(answer, id) : undefined;
    return Object.entries(wanted).every(([key, value]) => shown?.[key] === value);
  });
}

/** In the gateway's names; only what is given. */
function checked(change: DryContactChange): { readonly [key: string]: Json } {
  const wanted: Record<string, Json> = {};
  if (change.mode !== undefined) wanted["mode"] = requireOneOf(change.mode, ["manual", "soc"], "the mode of a dry contact");
  const actions = { grid_action: change.gridAction, micro_grid_action: change.microGridAction, gen_action: change.generatorAction };
  for (const [key, action] of Object.entries(actions)) {
    if (action !== undefined) wanted[key] = requireOneOf(action, ACTIONS, "an action of a dry contact");
  }
  for (const [key, percent] of Object.entries({ soc_low: change.socLow, soc_high: change.socHigh })) {
    if (percent === undefined) continue;
    requirePercent(percent, "the charge of a dry contact");
    wanted[key] = percent;
  }
  if (change.loadName !== undefined) wanted["load_name"] = change.loadName;
  return Object.keys(wanted).length > 0 ? wanted : refuse("no setting of the dry contact is named");
}

function find(document: JsonObject, id: string): JsonObject | undefined {
  return objects(document["dry_contacts"], "dry contacts", nothing).findLast((contact) => contact["id"] === id);
}

function contactOf(document: JsonObject, id: string): JsonObject {
  return find(document, id) ?? refuse(`there is no dry contact ${id}`);
}

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

/** Read as a text, written as true or false; the word `none` where the gateway has none. */
function manualOverride(value: unknown): boolean | "none" {
  return value === undefined || value === null || value === "none" ? "none" : isTrue(value);
}
