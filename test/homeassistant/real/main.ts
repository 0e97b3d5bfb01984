/** Runs the suite and ends with what it counted, in one line: `npm run test:homeassistant`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "homeassistant-"));
const counted = join(folder, "counted.txt");
const { status, error } = spawnSync("npx", ["vitest", "run", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, TEST_SUITE: "test/homeassistant/real", HASS_COUNTED: counted },
});
if (error !== undefined) console.error(error.message);
console.log(existsSync(counted) ? readFileSync(counted, "utf8") : "recordings 0: nothing was compared");
rmSync(folder, { recursive: true, force: true });
process.exitCode = status ?? 1;
