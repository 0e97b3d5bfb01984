import { BridgeError, isBridgeError } from "../model/errors.ts";
import type { Json, JsonScalar } from "../model/json.ts";
import { type Drift, isObject, type JsonObject } from "./decode.ts";
import type { Get } from "./source.ts";

/** The answer of an addition to something that was already read: whatever fails here must not cost the rest. */
export async function tolerantly(get: Get, path: string, drift: Drift): Promise<unknown> {
  try {
    return await get(path);
  } catch (error) {
    if (!isBridgeError(error) || error.code === "aborted") throw error;
    drift(`${path}: ${error.code}, read without it`);
    return undefined;
  }
}

/** Throws `implausible` where the answer is no object. */
export async function getObject(get: Get, path: string): Promise<JsonObject> {
  const answer = await get(path);
  if (isObject(answer)) return answer;
  throw new BridgeError("implausible", `${path} answered with something that is not a JSON object`);
}

/** Throws `implausible` where the answer is no list. */
export async function getList(get: Get, path: string): Promise<readonly unknown[]> {
  const answer = await get(path);
  if (Array.isArray(answer)) return answer;
  throw new BridgeError("implausible", `${path} answered with something that is not a JSON list`);
}

/** True for an object that holds something and is no error report (`error`, in documents of the generator `err`). */
export function isUsable(answer: unknown): answer is JsonObject {
  return isObject(answer) && Object.keys(answer).length > 0 && !Object.hasOwn(answer, "error") && !Object.hasOwn(answer, "err");
}

/** Part of an answer, kept as it came; what is not there is `null`. Answers are parsed JSON, so nothing else can be in them. */
export function json(part: unknown): Json {
  return part === undefined ? null : (part as Json);
}

/** Deeper than any document of the gateway. */
const MOST_LEVELS = 8;

/** Numbers, texts and flags of a document, nested keys joined by `_`; lists have no flat form and are left out. */
export function flatten(document: JsonObject): { readonly [key: string]: JsonScalar } {
  const flat: [string, JsonScalar][] = [];
  collect(document, "", MOST_LEVELS, flat);
  return Object.fromEntries(flat);
}

function collect(document: JsonObject, prefix: string, levels: number, into: [string, JsonScalar][]): void {
  for (const [key, value] of Object.entries(document)) {
    if (isObject(value)) {
      if (levels > 1) collect(value, `${prefix}${key}_`, levels - 1, into);
    } else if (!Array.isArray(value)) into.push([`${prefix}${key}`, value as JsonScalar]);
  }
}
