import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where a Home Assistant was built by `setup.sh`: named by `HASS`, or `.homeassistant/` in the project. */
export const HOME_FOLDER = resolve(process.env["HASS"] ?? join(import.meta.dirname, "../../../.homeassistant"));

export function isBuilt(): boolean {
  return existsSync(join(HOME_FOLDER, "root", "opt", "ha", "bin", "hass"));
}

/** A test's name, which says so where there is no Home Assistant to ask. */
export function titled(title: string): string {
  return isBuilt() ? title : `there is no Home Assistant in ${HOME_FOLDER} (build it with test/homeassistant/real/setup.sh): ${title}`;
}

/** `false`: nothing can be tried; in CI that is a failure. */
export function isThere(): boolean {
  if (!isBuilt() && process.env["CI"] !== undefined) throw new Error(`there is no Home Assistant in ${HOME_FOLDER}`);
  return isBuilt();
}
