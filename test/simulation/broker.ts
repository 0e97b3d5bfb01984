import type { Message } from "../../src/model/message.ts";
import { ConnectError, type Ending, type Link, type LinkRequest, type OpenLink, PublishError } from "../../src/mqtt/link-types.ts";
import type { ProcessClock, WorldClock } from "./clock.ts";

/** What can be wrong with a broker. */
export type BrokerTrouble = "down" | "refuses" | "hangs" | "loses acknowledgements";

/** A broker without sockets: what it keeps, and what is wrong with it. */
export interface SimulatedBroker {
  /** How one process reaches it. */
  open(clock: ProcessClock): OpenLink;
  begin(trouble: BrokerTrouble): () => void;
  /** Starts anew without what it kept. */
  forget(): void;
  /** The process is gone without a word. */
  cut(clock: ProcessClock): void;
  /** Publishes for somebody else, such as Home Assistant's birth. */
  tell(topic: string, payload: string): void;
  readonly retained: ReadonlyMap<string, string>;
  readonly links: number;
  /** World's ms since which a link has stood with a broker that is well; `null` without. */
  readonly wellSince: number | null;
}

interface Session {
  readonly link: Link;
  readonly request: LinkRequest;
  readonly clock: ProcessClock;
  close(ending: Ending, withWill: boolean): void;
}

const WILL_DELAY_MS = 5_000;

export function createBroker(world: WorldClock, onPublish: (message: Message, kept: ReadonlyMap<string, string>) => void): SimulatedBroker {
  const retained = new Map<string, string>();
  const troubles = new Map<BrokerTrouble, number>();
  const sessions = new Set<Session>();
  let connections = 0;
  let wellSince: number | null = null;
  const has = (trouble: BrokerTrouble) => (troubles.get(trouble) ?? 0) > 0;
  const judge = () => {
    const well = sessions.size > 0 && [...troubles.values()].every((count) => count === 0);
    wellSince = well ? (wellSince ?? world.monotonic()) : null;
  };

  function take(message: Message): void {
    onPublish(message, retained);
    if (!message.retain) return;
    if (message.payload === "") retained.delete(message.topic);
    else retained.set(message.topic, message.payload);
  }

  function will(topic: string): void {
    const at = connections;
    const say = () => {
      if (connections === at) take({ topic, payload: "offline", retain: true, qos: 1, expiry: null, json: false });
    };
    void world.sleep(WILL_DELAY_MS).then(say);
  }

  function sessionOf(request: LinkRequest, clock: ProcessClock): Session {
    const { promise: closed, resolve } = Promise.withResolvers<Ending>();
    const gone = new AbortController();
    /** Waits for an acknowledgement that does not come. */
    const silence = async (): Promise<never> => {
      await clock.sleep(request.times.acknowledgeMs, gone.signal).catch(() => {});
      throw gone.signal.aborted ? new PublishError("lost", "the link ended") : new PublishError("silent", "no acknowledgement in time");
    };
    const session: Session = {
      request,
      clock,
      close(ending, withWill) {
        if (!sessions.delete(session)) return;
        gone.abort();
        if (withWill) will(request.willTopic);
        judge();
        resolve(ending);
      },
      link: {
        protocol: request.protocol,
        maximumPacketSize: null,
        closed,
        async publish(message) {
          if (!sessions.has(session)) throw new PublishError("lost", "the link ended");
          if (has("hangs")) {
            if (message.qos === 0) return;
            return await silence();
          }
          take(message);
          if (has("loses acknowledgements") && message.qos === 1) return await silence();
        },
        async subscribe(subscriptions) {
          if (has("hangs")) return await silence();
          const filters = subscriptions.filter((one) => one.retained).map(({ filter }) => filter.replace(/[#+].*$/, ""));
          for (const [topic, payload] of retained) {
            if (filters.some((start) => topic.startsWith(start))) session.request.onMessage(incoming(topic, payload, true));
          }
          return [];
        },
        async end() {
          session.close({ reason: "we ended it", code: null, hungUp: false }, false);
        },
        destroy(reason) {
          session.close({ reason, code: null, hungUp: false }, true);
        },
      },
    };
    return session;
  }

  function hangUp(reason: string): void {
    for (const session of [...sessions]) session.close({ reason, code: null, hungUp: true }, false);
  }

  return {
    open: (clock) => async (request, signal) => {
      await clock.sleep(5, signal);
      if (has("down")) throw new ConnectError("unreachable", "nothing listens there");
      if (has("refuses")) throw new ConnectError("refused", "it is not ready yet", 136);
      if (has("hangs")) {
        await clock.sleep(request.times.connectMs, signal);
        throw new ConnectError("silent", "it does not answer");
      }
      connections += 1;
      hangUp("another program connected");
      const session = sessionOf(request, clock);
      sessions.add(session);
      judge();
      return session.link;
    },
    begin(trouble) {
      troubles.set(trouble, (troubles.get(trouble) ?? 0) + 1);
      if (trouble === "down" || trouble === "refuses") hangUp("the broker went away");
      if (trouble === "hangs") {
        // Its silence is noticed by the keep-alive.
        for (const session of [...sessions]) {
          const noticed = () => {
            if (has("hangs")) session.close({ reason: "the broker no longer answers", code: null, hungUp: false }, true);
          };
          void world.sleep(1.5 * session.request.times.keepaliveSeconds * 1_000).then(noticed);
        }
      }
      judge();
      return () => {
        troubles.set(trouble, (troubles.get(trouble) ?? 1) - 1);
        // What it did not take while it hung is lost with the link.
        if (trouble === "hangs") hangUp("the broker was restarted");
        judge();
      };
    },
    forget() {
      hangUp("the broker restarts");
      retained.clear();
    },
    cut(clock) {
      for (const session of [...sessions]) {
        if (session.clock === clock) session.close({ reason: "gone", code: null, hungUp: false }, true);
      }
    },
    tell(topic, payload) {
      if (has("hangs")) return;
      for (const session of [...sessions]) session.request.onMessage(incoming(topic, payload, false));
    },
    retained,
    get links() {
      return sessions.size;
    },
    get wellSince() {
      return wellSince;
    },
  };
}

function incoming(topic: string, payload: string, retain: boolean) {
  return { topic, payload: Buffer.from(payload), retain, responseTopic: null, correlationData: null };
}
