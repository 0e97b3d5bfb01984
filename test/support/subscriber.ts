import mqtt, { type IClientOptions, type MqttClient } from "mqtt";

export interface Heard {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** Milliseconds, machine time. */
  readonly at: number;
}

/** A subscriber to everything, as any other program on the broker would be. */
export interface Subscriber {
  readonly heard: readonly Heard[];
  /** The last message on a topic; `undefined` before the first. */
  last(topic: string): string | undefined;
  json(topic: string): Record<string, unknown> | undefined;
  /** Every payload on a topic, in order, repetitions left out. */
  history(topic: string): readonly string[];
  /** The retained messages as they stand, by topic. */
  topics(): ReadonlyMap<string, string>;
  /** Resolves when `holds` gives something that is not false, null or undefined; looked at after each message. */
  until<T>(what: string, holds: () => T | false | null | undefined, ms?: number): Promise<T>;
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
  clear(): void;
  end(): Promise<void>;
}

export async function subscribe(url: string, filters: readonly string[] = ["#"], how: IClientOptions = {}): Promise<Subscriber> {
  const clientId = `watch-${Math.random().toString(16).slice(2)}`;
  const client: MqttClient = await mqtt.connectAsync(url, { ...how, protocolVersion: 4, clientId });
  const heard: Heard[] = [];
  const last = new Map<string, string>();
  const waiting = new Set<() => void>();
  client.on("message", (topic, payload, packet) => {
    heard.push({ topic, payload: payload.toString(), retain: packet.retain, at: performance.now() });
    if (payload.length === 0) last.delete(topic);
    else last.set(topic, payload.toString());
    for (const look of [...waiting]) look();
  });
  await client.subscribeAsync([...filters], { qos: 1 });
  return {
    heard,
    last: (topic) => last.get(topic),
    json: (topic) => {
      const text = last.get(topic);
      return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
    },
    history: (topic) =>
      heard
        .filter((one) => one.topic === topic)
        .map(({ payload }) => payload)
        .filter((payload, index, all) => index === 0 || payload !== all[index - 1]),
    topics: () => last,
    until: (what, holds, ms = 15_000) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          clearInterval(poll);
          reject(new Error(`not within ${ms} ms: ${what}`));
        }, ms);
        const look = () => {
          const value = holds();
          if (value === false || value === null || value === undefined) return;
          clearTimeout(late);
          clearInterval(poll);
          waiting.delete(look);
          resolve(value);
        };
        const poll = setInterval(look, 50);
        waiting.add(look);
        look();
      }),
    publish: async (topic, payload, retain = false) => void (await client.publishAsync(topic, payload, { qos: 1, retain })),
    clear: () => {
      heard.length = 0;
    },
    end: () => client.endAsync(true),
  };
}
