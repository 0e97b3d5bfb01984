import type { Config } from "../../src/config/types.ts";
import { loadConfig } from "../../src/config.ts";
import { isBridgeError } from "../../src/model/errors.ts";

export interface Given {
  readonly env?: Record<string, string>;
  readonly args?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly credentials?: string;
}

/** Loads from files that are only here; everything else does not exist. */
export function load({ env = {}, args = {}, files = {}, credentials }: Given): Config {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
    return content;
  };
  return loadConfig({ env, args, readFile, credentialsDirectory: credentials ?? null, cwd: "/srv" });
}

/** The line that stops the start; fails where nothing is wrong. */
export function problem(given: Given): string {
  try {
    load(given);
  } catch (error) {
    if (isBridgeError(error, "config")) return error.message;
    throw error;
  }
  throw new Error("nothing was found wrong");
}

/** The same for the content of the configuration file. */
export function problemIn(yaml: string): string {
  return problem({ files: { "/srv/config/envoy2mqtt.yaml": yaml } });
}
