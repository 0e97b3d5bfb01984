/**
 * `setup.sh` ends with it: a first start, in which Home Assistant fetches what its own defaults need. Later starts do not look for packages.
 *
 *   node test/homeassistant/real/first-start.ts FOLDER [--frontend]
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../support/broker-process.ts";
import { startHome } from "./home.ts";

const [folder = "", frontend] = process.argv.slice(2);
const name = "first-start";
const config = join(folder, "root", "config", name);
rmSync(config, { recursive: true, force: true });
// There is no broker: that its MQTT integration looks for one is enough.
const home = await startHome({ folder, name, brokerPort: 1, httpPort: await freePort(), frontend: frontend === "--frontend", fetch: true });
await home.stop();
rmSync(config, { recursive: true, force: true });
