import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { createEnlighten } from "../auth/enlighten.ts";
import { createLoginBudget } from "../auth/login-budget.ts";
import { createSession } from "../auth/session.ts";
import { createTokenStore } from "../auth/token-store.ts";
import type { Config, GatewayConfig } from "../config/types.ts";
import { parseAddress } from "../envoy/address.ts";
import { createGatewayLink } from "../gateway-link.ts";
import { type KnownGateway, openKnownGateway } from "../known-gateway.ts";
import { systemClock } from "../lib/clock.ts";
import { diskFiles } from "../lib/files.ts";
import { type Logger, silentLogger } from "../lib/logger.ts";
import { BridgeError, isBridgeError } from "../model/errors.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import type { LifecycleStatus } from "../model/lifecycle.ts";
import { type CheckStep, check } from "./check.ts";
import { type RecordedResponse, type Recording, record } from "./record.ts";
import { tryBroker } from "./try-broker.ts";
import { configOf, findHost, tokenOf, VERSION } from "./world.ts";

type Settings = Readonly<Record<string, string>>;

const clock = systemClock;
const random = Math.random;

/** Walks the set-up of every configured gateway and of the broker. Gives the exit code. */
export async function checkSetUp(settings: Settings, print: (line: string) => void, signal: AbortSignal): Promise<number> {
  const config = configOf(settings);
  print(`envoy2mqtt ${VERSION}: the configuration is valid (${config.files.join(", ") || "no file"})`);
  let worst = 0;
  for (const gateway of config.gateways) {
    print(`Gateway ${gateway.name ?? gateway.host ?? "to be found"}`);
    worst = Math.max(worst, await check(stepsFor(config, gateway), print, signal));
  }
  print("Broker");
  worst = Math.max(worst, await check([{ name: "connection", run: (limit) => tryBroker(config.mqtt, limit) }], print, signal));
  print(worst === 0 ? "All is well: envoy2mqtt can run." : "Something is wrong; see above.");
  return worst;
}

function stepsFor(config: Config, gateway: GatewayConfig): readonly CheckStep[] {
  let host = gateway.host ?? "";
  let attempt: Attempt | null = null;
  const attempted = async () => {
    attempt ??= await attemptAt(config, gateway, host);
    return attempt;
  };
  return [
    {
      name: "address",
      async run(signal) {
        if (gateway.host === null) host = await findHost(gateway, clock, silentLogger, signal);
        return await addressOf(host);
      },
    },
    {
      name: "gateway",
      needs: ["address"],
      async run(signal) {
        const info = await (await attempted()).link.ports.readInfo(signal);
        return `Envoy ${info.serial}, firmware ${info.firmware.text}, ${info.metered ? "metered" : "not metered"}, over ${info.scheme}`;
      },
    },
    {
      name: "login and reading",
      needs: ["gateway"],
      run: async (signal) => await (await attempted()).reach(signal),
    },
  ];
}

async function addressOf(host: string): Promise<string> {
  const { hostname } = parseAddress(host);
  if (isIP(hostname) !== 0) return hostname;
  const found = await lookup(hostname).catch((cause: unknown) => {
    throw new BridgeError("unreachable", `${hostname} is not known here: give the gateway's IP address as host`, { cause });
  });
  return `${hostname} is ${found.address}`;
}

/** One try to get as far as reading. */
interface Attempt {
  readonly link: ReturnType<typeof createGatewayLink>;
  /** Says what is read, once the session is up. Throws what keeps it from there. */
  reach(signal: AbortSignal): Promise<string>;
}

async function attemptAt(config: Config, gateway: GatewayConfig, host: string, logger: Logger = silentLogger): Promise<Attempt> {
  const known: KnownGateway = await openKnownGateway(config.stateDir, host, diskFiles, logger);
  const budget = createLoginBudget({ directory: config.stateDir, files: diskFiles, clock, logger });
  const { username, password } = gateway;
  const { loginUrl, tokenUrl: tokensUrl } = config.enlighten;
  let found = "";
  const finished = new AbortController();
  const link = createGatewayLink({
    host,
    tls: gateway.tls,
    siteLimits: gateway.siteLimits,
    known,
    intervals: { meters: 10_000, production: 30_000, inverters: 300_000, inventory: 900_000 },
    clock,
    random,
    logger,
    session: () => session,
    onProbed: async () => {},
    extra: [],
    onExtra: () => {},
    onReading: (_: GatewayInfo, { snapshot, health, complete }) => {
      const bad = health.filter(({ lastError }) => lastError !== null).map(({ source, lastError }) => `${source}: ${lastError}`);
      found = `reads ${Object.keys(snapshot).join(", ")}${bad.length === 0 ? "" : `; not ${bad.join("; ")}`}`;
      if (complete) finished.abort();
    },
  });
  const session = createSession({
    serial: gateway.serial,
    token: () => tokenOf(gateway),
    cloud: username === null || password === null ? null : createEnlighten({ username, password, budget, clock, loginUrl, tokensUrl }),
    localUser: { username: username ?? "", password: password ?? "" },
    store: createTokenStore({ directory: config.stateDir, files: diskFiles, logger }),
    ports: link.ports,
    clock,
    random,
    logger,
  });
  return {
    link,
    async reach(signal) {
      let trouble: LifecycleStatus | null = null;
      const stop = session.onTransition(({ status }) => {
        const isStuck = status.state === "refused" || (status.nextAttempt !== null && status.state !== "setup");
        if (!isStuck) return;
        trouble = status;
        finished.abort();
      });
      await session.run(AbortSignal.any([signal, finished.signal]));
      stop();
      await link.client.close();
      if (trouble !== null) throw new BridgeError(codeOf(trouble), (trouble as LifecycleStatus).reason);
      return found;
    },
  };
}

function codeOf({ state }: LifecycleStatus): "unreachable" | "cloud_unreachable" | "token_refused" {
  if (state === "outage") return "unreachable";
  return state === "refreshing" ? "cloud_unreachable" : "token_refused";
}

/** Asks a gateway for everything that can be read, and takes out whatever is personal. */
export async function recordGateway(settings: Settings, note: (line: string) => void, signal: AbortSignal): Promise<Recording> {
  const config = configOf(settings);
  const gateway = config.gateways[0];
  if (gateway === undefined) throw new BridgeError("config", "no gateway is configured: set host");
  const host = gateway.host ?? (await findHost(gateway, clock, silentLogger, signal));
  const { link, reach } = await attemptAt(config, gateway, host);
  note(await reach(signal));
  const get = async (path: string): Promise<RecordedResponse> => {
    try {
      const body = await link.client.getText(path, { signal });
      return { status: 200, content_type: body.startsWith("<") ? "text/html" : "application/json", body };
    } catch (error) {
      if (isBridgeError(error) && error.status !== null) return { status: error.status, content_type: "text/plain", body: "" };
      throw error;
    }
  };
  const name = `gateway ${new Date(clock.now()).toISOString().slice(0, 10)}`;
  return await record(name, get, undefined, note).finally(() => link.client.close());
}
