import { createClaimsReader } from "../../src/simulator/token.ts";

/** What is known of a simulated world at one moment. Times are the world's monotonic ms unless told otherwise. */
export interface Observed {
  now: number;
  readonly serial: string;
  /** Without a good core reading for so long it must be offline; a tick more is allowed. */
  readonly limitMs: number;
  readonly tickMs: number;
  /** The last whole, authorised answer with status 200 of a core endpoint. */
  lastGood: number;
  /** What the broker shows: both the gateway's and the bridge's topic say online; `null` while the broker is not well. */
  shownOnline: boolean | null;
  /** The gateway's availability was published as online just now, and what the broker kept then lacks of announced values. */
  wentOnline: { readonly missing: string | null } | null;
  /** Tokens that were sent since the last step, with the sender's wall clock. */
  sent: { readonly token: string; readonly wall: number }[];
  /** Something was sent to another key than the accepted one. */
  sentToStranger: boolean;
  loginsUnderWay: number;
  /** Logins that reached the cloud, the newest last. */
  logins: number[];
  requestsUnderWay: number;
  /** Firmware that the published info names, and the one that was there at the last probe. */
  published: string | null;
  probed: string | null;
  /** What stood published when the probe began: it stands until the first value with the new one, for as long as the broker is away. */
  probedBefore: string | null;
  /** A published counter that fell. */
  fell: string | null;
  /** A first wait of the back-off that was too long after the link had held, ms. */
  firstWait: number | null;
  timers: number;
  /** Timers that are there after a clean stop. */
  leftOver: number;
  /** The most that listened to one signal. */
  listeners: number;
  links: number;
  topics: number;
  files: number;
  /** Bytes that the heap grew by, after everything had happened once; `null` where it is not measured. */
  heapGrowth: number | null;
  /** A topic whose kept payload is not the last one said. */
  stale: string | null;
  /** All troubles are over since then, and when it must be online again; `null` while there are troubles or it is online. */
  calm: { readonly since: number; readonly deadline: number } | null;
}

/** A world in which nothing has happened yet. */
export function nothingSeen(limits: Pick<Observed, "serial" | "limitMs" | "tickMs">): Observed {
  return {
    ...limits,
    now: 0,
    lastGood: Number.NEGATIVE_INFINITY,
    shownOnline: null,
    wentOnline: null,
    sent: [],
    sentToStranger: false,
    loginsUnderWay: 0,
    logins: [],
    requestsUnderWay: 0,
    published: null,
    probed: null,
    probedBefore: null,
    fell: null,
    firstWait: null,
    timers: 0,
    leftOver: 0,
    listeners: 0,
    links: 0,
    topics: 0,
    files: 0,
    heapGrowth: null,
    stale: null,
    calm: null,
  };
}

/** Gives what is wrong, `null` where it holds. */
export type Invariant = (seen: Observed) => string | null;

const HOUR = 3_600_000;
/** Bytes, however long a life is. */
const MOST_GROWTH = 6 * 1024 * 1024;
const readClaims = createClaimsReader();
const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;

/** Online means a good core reading within its limit. */
function onlineNeedsAFreshReading({ wentOnline, now, lastGood, limitMs, tickMs }: Observed): string | null {
  if (wentOnline === null || now - lastGood <= limitMs + tickMs) return null;
  return `online is published ${seconds(now - lastGood)} after the last good reading`;
}

/** Who has had none is offline within the limit and one poll. */
function silenceMeansOffline({ shownOnline, now, lastGood, limitMs, tickMs }: Observed): string | null {
  if (shownOnline !== true || now - lastGood <= limitMs + 2 * tickMs) return null;
  return `online is shown ${seconds(now - lastGood)} after the last good reading`;
}

/** Every announced value is there before it is called available. */
function dataComesBeforeOnline({ wentOnline }: Observed): string | null {
  return wentOnline === null || wentOnline.missing === null ? null : `online is published before ${wentOnline.missing}`;
}

/** When all troubles are over it comes back by itself. */
function comesBack({ calm, now }: Observed): string | null {
  return calm === null || now <= calm.deadline ? null : `not online ${seconds(now - calm.since)} after the last trouble ended`;
}

/** No token past its end, and none for another gateway, is sent. */
function tokensAreGood({ sent, serial }: Observed): string | null {
  for (const { token, wall } of sent) {
    const { aud, exp = 0 } = readClaims(token) ?? {};
    if (aud !== serial) return `a token for ${aud} is sent`;
    if (exp * 1000 <= wall) return `a token is sent that expired ${seconds(wall - exp * 1000)} ago`;
  }
  return null;
}

/** Nothing is sent to a certificate that is not accepted. */
function onlyTheAcceptedKeyIsTrusted({ sentToStranger }: Observed): string | null {
  return sentToStranger ? "a request went to a key that was never accepted" : null;
}

function oneLoginAtATime({ loginsUnderWay }: Observed): string | null {
  return loginsUnderWay <= 1 ? null : `${loginsUnderWay} cloud logins at once`;
}

/** At most 3 logins an hour and 12 a day. */
function loginsAreFew({ logins, now }: Observed): string | null {
  if ((logins.at(-4) ?? Number.NEGATIVE_INFINITY) > now - HOUR) return "more than 3 cloud logins within an hour";
  return (logins.at(-13) ?? Number.NEGATIVE_INFINITY) > now - 24 * HOUR ? "more than 12 cloud logins within a day" : null;
}

function oneRequestAtATime({ requestsUnderWay }: Observed): string | null {
  return requestsUnderWay <= 1 ? null : `${requestsUnderWay} requests to the gateway at once`;
}

/** A firmware change is followed by a probe before the next state is published. */
function newFirmwareIsProbed({ published, probed, probedBefore }: Observed): string | null {
  return published === null || published === probed || published === probedBefore
    ? null
    : `firmware ${published} is published, and ${probed} was probed last`;
}

function energyNeverFalls({ fell }: Observed): string | null {
  return fell;
}

/** After a link that held, the back-off begins anew. */
function backOffBeginsAnew({ firstWait }: Observed): string | null {
  return firstWait === null ? null : `the first wait after a link that held is ${seconds(firstWait)}`;
}

/** Timers, listeners, links, topics, files and memory are bounded. */
function nothingPilesUp({ timers, listeners, links, topics, files, heapGrowth }: Observed): string | null {
  if (timers > 60) return `${timers} timers`;
  if (listeners > 30) return `${listeners} listeners to one signal`;
  if (heapGrowth !== null && heapGrowth > MOST_GROWTH) return `the heap grew by ${Math.round(heapGrowth / 1024)} KiB`;
  if (links > 1) return `${links} links to the broker`;
  if (topics > 400) return `${topics} topics`;
  return files > 20 ? `${files} files` : null;
}

/** After a clean stop nothing waits any more. */
function nothingIsLeft({ leftOver }: Observed): string | null {
  return leftOver === 0 ? null : `${leftOver} timers after a clean stop`;
}

/** What a new subscriber gets is the last value of every topic. */
function subscribersGetTheLastValue({ stale }: Observed): string | null {
  return stale === null ? null : `the broker keeps another value than the last one of ${stale}`;
}

/** All of them, checked after every step. */
export const INVARIANTS: readonly Invariant[] = [
  onlineNeedsAFreshReading,
  silenceMeansOffline,
  dataComesBeforeOnline,
  comesBack,
  tokensAreGood,
  onlyTheAcceptedKeyIsTrusted,
  oneLoginAtATime,
  loginsAreFew,
  oneRequestAtATime,
  newFirmwareIsProbed,
  energyNeverFalls,
  backOffBeginsAnew,
  nothingPilesUp,
  nothingIsLeft,
  subscribersGetTheLastValue,
];
