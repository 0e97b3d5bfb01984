import { accessSync, constants, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { VERSION } from "../../../src/cli/world.ts";
import { freePort } from "../../support/broker-process.ts";
import { mosquittoVersion, startMosquitto } from "../../support/mosquitto.ts";
import { startWorld } from "../../support/world.ts";
import { COUNTER_NAMES, type CounterName, importHistory, saveEnergyPreferences, sunnySeed, TIME_ZONE } from "./history.ts";
import { type Home, startHome } from "./home.ts";

// Takes the pictures of the README: a simulated house, the bridge, Mosquitto and a real Home Assistant with its pages.

const PICTURES = join(import.meta.dirname, "../../../docs/pictures");
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const BATTERIES = 2;
const LARGEST_BYTES = 300_000;
/** Home Assistant's pages load their parts one after the other. */
const PAGE_MS = 12_000;

async function main(): Promise<void> {
  const folder = needed();
  const ends: (() => Promise<void>)[] = [];
  try {
    mkdirSync(PICTURES, { recursive: true });
    const mosquitto = await startMosquitto();
    ends.push(mosquitto.stop);
    const seed = sunnySeed(Date.now(), BATTERIES);
    const world = await startWorld({ version: VERSION, brokerUrl: mosquitto.url, scene: { startHour: 13, seed, batteries: BATTERIES } });
    ends.push(world.end);
    const name = `pictures-${process.pid}`;
    ends.push(async () => rmSync(join(folder, "root", "config", name), { recursive: true, force: true }));
    const home = await startHome({ folder, name, brokerPort: mosquitto.port, httpPort: await freePort(), frontend: true });
    ends.push(home.stop);
    const { device, counters } = await gateway(home);
    await importHistory(home, counters, seed, BATTERIES);
    await saveEnergyPreferences(home, counters);
    // The way it was built for tests is its maker's concern, not the picture's.
    await home.ask("repairs/ignore_issue", { domain: "homeassistant", issue_id: "deprecated_method", ignore: true }).catch(() => {});
    const browser = await startChromium();
    ends.push(() => browser.close());

    const web = world.bridge.web;
    if (web === null) throw new Error("The bridge has no status page");
    await picture(browser, "status-page", { width: 1100, height: 1180 }, async (page) => {
      await page.goto(`http://${web.address.host}:${web.address.port}/`);
    });
    await picture(browser, "device-page", { width: 1500, height: 1893 }, async (page) => {
      await logIn(page, home);
      await page.goto(`${home.url}/config/devices/device/${device}`);
      await wait(PAGE_MS);
    });
    await picture(browser, "energy-dashboard", { width: 1500, height: 1610 }, async (page) => {
      await logIn(page, home);
      await page.goto(`${home.url}/energy`);
      await wait(PAGE_MS);
      await page.getByRole("button", { name: "Previous" }).first().click();
      await page.mouse.move(1, 1);
      await wait(PAGE_MS / 2);
    });
  } finally {
    for (const end of ends.reverse()) await end().catch((error: unknown) => console.error(error));
  }
}

/** The folder of Home Assistant; one clear line and the end where something is missing. */
function needed(): string {
  const folder = process.env["HASS"];
  const give = (line: string): never => {
    console.error(`screenshots: ${line}`);
    process.exit(1);
  };
  if (folder === undefined || !readable(join(folder, "root/opt/ha/bin/hass"), constants.F_OK)) {
    return give(
      "HASS must name a folder with Home Assistant and its pages: test/homeassistant/real/setup.sh FOLDER --frontend builds one.",
    );
  }
  if (!readable(CHROMIUM, constants.X_OK)) return give(`no browser at ${CHROMIUM}: apt-get install chromium, or name one in CHROMIUM.`);
  if (mosquittoVersion() === null) return give("no Mosquitto: apt-get install mosquitto, or name one in MOSQUITTO.");
  return folder;
}

function readable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** The gateway's device and its counters, once every counter has a number. */
async function gateway(home: Home): Promise<{ readonly device: string; readonly counters: Readonly<Record<CounterName, string>> }> {
  for (let tries = 0; tries < 120; tries++) {
    const device = (await home.devices()).find(({ name, via_device_id }) => name?.startsWith("Envoy ") && via_device_id === null);
    const own = (await home.entities()).filter(({ device_id }) => device_id === device?.id);
    const states = new Map((await home.states()).map(({ entity_id, state }) => [entity_id, state]));
    const found = COUNTER_NAMES.map((name) => [name, own.find(({ original_name }) => original_name === name)?.entity_id] as const);
    if (device !== undefined && found.every(([, id]) => id !== undefined && Number.isFinite(Number(states.get(id))))) {
      return { device: device.id, counters: Object.fromEntries(found) as Record<CounterName, string> };
    }
    await wait(1000);
  }
  throw new Error("Home Assistant did not get the gateway's counters within two minutes");
}

function startChromium(): Promise<Browser> {
  const quiet = ["quic", "background-networking", "component-update", "sync"].map((what) => `--disable-${what}`);
  // Playwright gives each start a new profile of its own.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet] });
}

async function logIn(page: Page, { url, token }: Home): Promise<void> {
  const expires = Date.now() + 1e12;
  const tokens = {
    access_token: token,
    token_type: "Bearer",
    expires_in: 1e9,
    hassUrl: url,
    clientId: `${url}/`,
    expires,
    refresh_token: "",
  };
  const kept = { hassTokens: JSON.stringify(tokens), dockedSidebar: JSON.stringify("auto") };
  await page.addInitScript(`Object.assign(localStorage, ${JSON.stringify(kept)})`);
}

async function picture(
  browser: Browser,
  name: string,
  viewport: { readonly width: number; readonly height: number },
  open: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport, locale: "en-GB", timezoneId: TIME_ZONE, colorScheme: "light" });
  const page = await context.newPage();
  const path = join(PICTURES, `${name}.png`);
  try {
    await open(page);
  } finally {
    // Also when a page is not as it should be: then the picture tells why.
    await page.screenshot({ path });
    await context.close();
  }
  const { size } = statSync(path);
  if (size > LARGEST_BYTES) throw new Error(`${path} has ${size} bytes, more than ${LARGEST_BYTES}`);
  console.log(`${path}: ${Math.ceil(size / 1000)} kB`);
}

await main();
