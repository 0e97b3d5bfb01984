import { type PostOptions, type Reply, retryAfter } from "../../src/auth/https-post.ts";
import type { OpenTransport } from "../../src/envoy/transport.ts";
import { BridgeError } from "../../src/model/errors.ts";
import { createInProcessHttp, type SimulatedServer } from "../../src/simulator/in-process-http.ts";
import type { SimulatedReply, SimulatedRequest } from "../../src/simulator/message.ts";
import type { ProcessClock } from "./clock.ts";

/** What is told of the requests of one process. */
export interface NetworkWatch {
  /** A request to the gateway goes out. */
  asks(request: SimulatedRequest, fingerprint: string): void;
  /** What the gateway made of it; `null`: no answer. */
  answers(request: SimulatedRequest, reply: SimulatedReply | null): void;
  /** How many requests to the gateway are under way now. */
  underWay(count: number): void;
  /** A login at the cloud begins or ends: how many are under way now. */
  logins(underWay: number, begins: boolean): void;
}

/** An idle connection is closed after this, ms. */
const IDLE = 30_000;
const CLOUD_MS = 10_000;

/** Requests to the gateway, with a connection that shows the gateway's present key whenever it is opened. */
export function createGatewayWay(
  server: SimulatedServer,
  fingerprint: () => string,
  clock: ProcessClock,
  watch: NetworkWatch,
  latencyMs: number,
): OpenTransport {
  let underWay = 0;
  return (origin, trust, limits) => {
    const { protocol, hostname } = new URL(origin);
    const scheme = protocol === "https:" ? "https" : "http";
    const watched: SimulatedServer = {
      accepts: server.accepts,
      handle(request) {
        watch.asks(request, fingerprint());
        const answered = server.handle(request);
        watch.answers(request, answered);
        return answered;
      },
    };
    const http = createInProcessHttp({ server: watched, clock, scheme, readMs: limits.read, replyBytes: limits.replyBytes, latencyMs });
    let shown: string | null = null;
    let used = Number.NEGATIVE_INFINITY;
    const open = () => {
      const isOpen = shown === fingerprint() && clock.monotonic() - used < IDLE;
      if (isOpen || !server.accepts(scheme)) return;
      shown = fingerprint();
      const refusal = scheme === "https" ? trust.meet(hostname, shown) : null;
      if (refusal === null) return;
      shown = null;
      throw refusal;
    };
    return {
      async exchange(request, signal) {
        underWay += 1;
        watch.underWay(underWay);
        try {
          open();
          return await http.exchange(request, signal);
        } catch (error) {
          shown = null;
          throw error;
        } finally {
          used = clock.monotonic();
          underWay -= 1;
        }
      },
      close: http.close,
    };
  };
}

/** Requests to the cloud, as `post` of the bridge makes them. */
export function createCloudWay(server: SimulatedServer, watch: NetworkWatch): (options: PostOptions) => Promise<Reply> {
  let logins = 0;
  return async ({ url, contentType, body, clock, signal }) => {
    const { pathname, search } = new URL(url);
    const isLogin = pathname.includes("login");
    const late = new AbortController();
    const done = new AbortController();
    clock.sleep(CLOUD_MS, done.signal).then(
      () => late.abort(new Error("late")),
      () => {},
    );
    const http = createInProcessHttp({ server, clock, scheme: "https", replyBytes: 65_536 });
    const request = { method: "POST", path: `${pathname}${search}`, headers: { "content-type": contentType }, body };
    if (isLogin) watch.logins(++logins, server.accepts("https"));
    try {
      const reply = await http.exchange(request, AbortSignal.any([late.signal, signal]));
      const text = Buffer.from(reply.body).toString();
      return { status: reply.status, body: text, retryAfterMs: retryAfter(reply.headers["retry-after"], clock.now()) };
    } catch (error) {
      throw noAnswer(error, signal.aborted);
    } finally {
      done.abort();
      if (isLogin) watch.logins(--logins, false);
    }
  };
}

function noAnswer(cause: unknown, stopped: boolean): BridgeError {
  return stopped
    ? new BridgeError("aborted", "told to stop", { cause })
    : new BridgeError("cloud_unreachable", "the cloud gave no answer", { cause });
}
