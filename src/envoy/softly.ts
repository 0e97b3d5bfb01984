import { isBridgeError } from "../model/errors.ts";
import type { Get } from "./source.ts";

/** The answer, or `undefined` where the gateway does not have `path` for us: a status that is not 2xx (401 too), no JSON, too much. */
export async function softly(get: Get, path: string): Promise<unknown> {
  try {
    return await get(path);
  } catch (error) {
    if (isBridgeError(error, "http", "unauthorized", "not_json", "too_large")) return undefined;
    throw error;
  }
}
