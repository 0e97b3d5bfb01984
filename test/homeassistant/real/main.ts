/**
 * `npm run test:homeassistant`: builds a Home Assistant where there is none yet (in the folder that `HASS` names, or in `.homeassistant/`), runs the
 * suite and ends with what it counted, in one line.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOME_FOLDER, isBuilt } from "./folder.ts";

const run = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { status, error } = spawnSync(program, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (error !== undefined) console.error(`${program}: ${error.message}`);
  return status ?? 1;
};

if (!isBuilt()) {
  if (process.getuid?.() === 0) run(join(import.meta.dirname, "setup.sh"), [HOME_FOLDER]);
  else console.log(`Home Assistant is built by root only: sudo test/homeassistant/real/setup.sh ${HOME_FOLDER}`);
}

const folder = mkdtempSync(join(tmpdir(), "homeassistant-"));
const counted = join(folder, "counted.txt");
process.exitCode = run("npx", ["vitest", "run", ...process.argv.slice(2)], {
  TEST_SUITE: "test/homeassistant/real",
  HASS_COUNTED: counted,
});
console.log(existsSync(counted) ? readFileSync(counted, "utf8") : "recordings 0: nothing was compared");
rmSync(folder, { recursive: true, force: true });
