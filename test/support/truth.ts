import type { LoggedRequest } from "../../src/simulator/gateway-core.ts";
import type { World } from "./world.ts";

/** Where each state of the session may go; renewal and retries speak again from the state they are in. */
const ROADS: Readonly<Record<string, readonly string[]>> = {
  setup: ["authenticating", "outage", "refused"],
  authenticating: ["probing", "re-probing", "authenticated", "refreshing", "outage", "refused"],
  probing: ["authenticated", "re-setup", "outage", "expired", "refused"],
  "re-probing": ["authenticated", "re-setup", "outage", "expired", "refused"],
  authenticated: ["expired", "re-setup", "outage", "refused"],
  expired: ["refreshing"],
  refreshing: ["authenticating", "refused"],
  outage: ["re-setup"],
  "re-setup": ["authenticating", "outage", "refused"],
  refused: ["re-setup"],
};

const CORE = /^\/(production(\.json)?|api\/v1\/production|ivp\/meters\/readings)(\?|$)/;
const HOUR_MS = 3_600_000;
/** With the intervals and limits that are set where nothing is configured: three rounds of 30 s, 90 s. */
const LIMIT_MS = 90_000;
const ROUND_MS = 30_000;
/** Machine time that a message may take to the subscriber on a busy machine. */
const SLACK_MS = 500;

export interface TruthOptions {
  /** Readings that were answered but spoilt do not count as good; which ones, where a test spoils some. */
  readonly isGood?: (request: LoggedRequest) => boolean;
  readonly serial?: string;
  readonly logins?: number;
}

/** The states that the lifecycle went through, in order; a state that speaks again counts once. */
export function statesOf(world: World, serial = world.gateway.serial): readonly string[] {
  const said = world.watch.history(`envoy2mqtt/${serial}/lifecycle`).map((text) => String(JSON.parse(text).state));
  return said.filter((state, index) => state !== said[index - 1]);
}

/** What was untrue at any moment of a story, in words; empty where all was true. The stories' waits are in machine time, so some slack is. */
export function lies(world: World, options: TruthOptions = {}): readonly string[] {
  const serial = options.serial ?? world.gateway.serial;
  return [...untrueAvailability(world, serial, options), ...untrueRoads(world, serial), ...overstepped(world, options)];
}

function untrueAvailability(world: World, serial: string, { isGood }: TruthOptions): readonly string[] {
  const good = world.gateway.requests
    .filter((request) => CORE.test(request.path) && request.authorised && request.status === 200 && isGood?.(request) !== false)
    .map(({ at }) => at);
  const said = world.watch.heard
    .filter(({ topic }) => topic === `envoy2mqtt/${serial}/availability`)
    .map(({ payload, at }) => ({ payload, ...world.clock.at(at) }))
    .map(({ payload, time, factor }) => ({ payload, at: time, slack: SLACK_MS * factor }));
  const wrong: string[] = [];
  said.forEach(({ payload, at, slack }, index) => {
    const end = said[index + 1] ?? { at: world.clock.now(), slack: SLACK_MS * world.clock.factor() };
    const until = end.at;
    const inside = good.filter((moment) => moment >= at && moment <= until);
    const before = good.filter((moment) => moment <= at).at(-1);
    if (payload === "online") {
      if (before === undefined) wrong.push("online before any good reading");
      const marks = [before ?? at, ...inside, until];
      const gap = marks.slice(1).reduce((most, mark, place) => Math.max(most, mark - (marks[place] ?? mark)), 0);
      if (gap > LIMIT_MS + ROUND_MS + Math.max(slack, end.slack))
        wrong.push(`online for ${Math.round(gap / 1000)} s without a good reading`);
      return;
    }
    // A reading that came while the message was on its way does not count against it.
    const known = good.filter((moment) => moment <= at - slack).at(-1);
    if (said[index - 1]?.payload === "online" && known !== undefined && at - known < LIMIT_MS - slack && !world.isStopped) {
      wrong.push(`offline only ${Math.round((at - known) / 1000)} s after a good reading`);
    }
  });
  return wrong;
}

/** Each step is logged; the broker gets them in this order, where some may be left out that passed before the one before was acknowledged. */
function untrueRoads(world: World, serial: string): readonly string[] {
  const steps = world.log.flatMap(({ fields }) =>
    "from" in fields && "state" in fields ? [[String(fields.from), String(fields.state)] as const] : [],
  );
  const wrong = steps.filter(([from, to]) => from !== to && !ROADS[from]?.includes(to)).map(([from, to]) => `from ${from} to ${to}`);
  let place = 0;
  for (const state of statesOf(world, serial)) {
    const found = steps.findIndex(([, to], index) => index >= place && to === state);
    if (found < 0) wrong.push(`${state} was published, but not where the session was in it`);
    else place = found;
  }
  return wrong;
}

/** Logins, tokens and requests at a time. */
function overstepped({ cloud, gateway }: World, options: TruthOptions): readonly string[] {
  const wrong: string[] = [];
  const logins = cloud.requests.filter(({ kind }) => kind === "login").map(({ at }) => at);
  logins.forEach((at, index) => {
    if ((logins[index + 3] ?? Number.POSITIVE_INFINITY) - at < HOUR_MS - 1000) wrong.push("more than three logins in an hour");
  });
  if (options.logins !== undefined && logins.length !== options.logins) wrong.push(`${logins.length} logins in place of ${options.logins}`);
  for (const { token, at, path } of gateway.requests) {
    if (token === null) continue;
    if (token.audience !== gateway.serial) wrong.push(`a token for ${token.audience} went out to ${path}`);
    if (token.expiresAt === null || token.expiresAt + 5_000 < at) wrong.push(`a token past its end went out to ${path}`);
  }
  if (gateway.mostInFlight > 1) wrong.push(`${gateway.mostInFlight} requests at a time`);
  return wrong;
}
