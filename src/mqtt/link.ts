import { readFile } from "node:fs/promises";
import { connect, type IClientOptions, type IClientPublishOptions, type MqttClient } from "mqtt";
import { BridgeError } from "../model/errors.ts";
import type { Message } from "../model/message.ts";
import {
  type BrokerAddress,
  ConnectError,
  type Ending,
  type Link,
  type LinkRequest,
  type ProtocolVersion,
  PublishError,
  type Subscription,
} from "./link-types.ts";
import { JSON_CONTENT_TYPE } from "./packet-size.ts";
import { connectReasonText, reasonText, systemText } from "./reasons.ts";

const WILL_DELAY_SECONDS = 5;
/** Seconds; longer than the will's delay, else the broker sends the will when the session ends. */
const SESSION_EXPIRY_SECONDS = 30;

/**
 * Connects once. A client that reconnects by itself would send again, before anything else and for ever, a message on which the broker hangs up.
 *
 * @throws ConnectError, or BridgeError `storage` when a certificate file cannot be read.
 */
export async function openLink(request: LinkRequest, signal: AbortSignal): Promise<Link> {
  const options = clientOptions(request, await readTls(request.broker));
  signal.throwIfAborted();
  const client = connect(request.broker.url, options);
  const ending = watchEnd(client);
  client.on("message", (topic, payload, packet) => {
    request.onMessage({
      topic,
      payload,
      retain: packet.retain,
      responseTopic: packet.properties?.responseTopic ?? null,
      correlationData: packet.properties?.correlationData ?? null,
    });
  });
  await connected(client, request.times.connectMs, signal);
  return liveLink(client, ending, request);
}

function clientOptions({ broker, protocol, times, willTopic }: LinkRequest, tls: TlsMaterial): IClientOptions {
  const will = { topic: willTopic, payload: Buffer.from("offline"), qos: 1 as const, retain: true };
  const v5: IClientOptions = {
    properties: { sessionExpiryInterval: SESSION_EXPIRY_SECONDS, receiveMaximum: 32, maximumPacketSize: 65_536 },
    will: { ...will, properties: { willDelayInterval: WILL_DELAY_SECONDS } },
  };
  return {
    protocolVersion: protocol,
    clean: true,
    clientId: broker.clientId,
    keepalive: times.keepaliveSeconds,
    connectTimeout: times.connectMs,
    // The connection's own loop comes back with a fresh client, whatever the reason.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: "native",
    will,
    ...(protocol === 5 ? v5 : {}),
    ...(broker.username === null ? {} : { username: broker.username }),
    ...(broker.password === null ? {} : { password: broker.password }),
    ...tls,
  };
}

interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

async function readTls({ tls }: BrokerAddress): Promise<TlsMaterial> {
  const material: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
  for (const part of ["ca", "cert", "key"] as const) {
    const file = tls[part];
    if (file !== null) material[part] = await readPem(file, part);
  }
  return material;
}

async function readPem(file: string, part: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw unreadable(file, part, cause);
  }
}

function unreadable(file: string, part: string, cause: unknown): BridgeError {
  return new BridgeError("storage", `mqtt.tls.${part}: the file ${file} cannot be read: ${systemText(cause)}`, { cause });
}

/** The first error or DISCONNECT tells more than the close that follows it. */
interface EndWatch {
  readonly closed: Promise<Ending>;
  /** Set by us before we close it. */
  own(reason: string): void;
}

function watchEnd(client: MqttClient): EndWatch {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let known: Ending | null = null;
  client.on("disconnect", ({ reasonCode }) => {
    known ??= { reason: `the broker ended the connection: ${reasonText(reasonCode ?? 128)}`, code: reasonCode ?? null, hungUp: true };
  });
  client.on("error", (error) => {
    const silent = /keepalive/i.test(error.message);
    const reason = silent ? "the broker no longer answers" : `the connection broke: ${systemText(error)}`;
    known ??= { reason, code: null, hungUp: !silent };
    // After a packet that MQTT.js cannot read, such as a PUBACK "too large", it stays connected and deaf.
    if (client.connected) setImmediate(() => closeNow(client));
  });
  client.on("close", () => {
    resolve(known ?? { reason: "the broker closed the connection", code: null, hungUp: true });
    // Frees its timers and what is left in its stores.
    client.end(true);
  });
  return {
    closed: promise,
    own(reason) {
      known ??= { reason, code: null, hungUp: false };
    },
  };
}

/** Settles with the CONNACK; a client that does not get one is closed. */
async function connected(client: MqttClient, connectMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const silent = () => reject(new ConnectError("silent", "it does not answer: is it an MQTT broker, and is it overloaded?"));
  // The library's own timer begins with the TCP connection; a name or a TLS handshake that takes for ever needs this one.
  const timer = setTimeout(silent, connectMs + 1_000);
  const aborted = () => reject(signal.reason);
  client.once("connect", () => resolve());
  client.once("error", (error) => reject(connectError(error)));
  client.once("close", () => reject(new ConnectError("hungUp", "it closed the connection without a word")));
  signal.addEventListener("abort", aborted, { once: true });
  try {
    await promise;
  } catch (error) {
    client.end(true);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", aborted);
  }
}

function connectError(error: Error & { code?: unknown }): ConnectError {
  if (typeof error.code === "number") return new ConnectError("refused", connectReasonText(error.code), error.code);
  if (/connack timeout/i.test(error.message)) return new ConnectError("silent", "it took the connection but does not answer");
  // MQTT.js reads a reason code that MQTT 5 does not have as a broken packet: a 3.1.1 broker's refusal of version 5.
  if (/reason code|parse|protocol/i.test(error.message)) return new ConnectError("hungUp", `its answer is no MQTT: ${systemText(error)}`);
  return new ConnectError("unreachable", systemText(error));
}

function liveLink(client: MqttClient, watch: EndWatch, { protocol, times }: LinkRequest): Link {
  const destroy = (reason: string) => {
    watch.own(reason);
    closeNow(client);
  };
  return {
    protocol,
    maximumPacketSize: client.serverProperties?.maximumPacketSize ?? null,
    closed: watch.closed,
    publish(message, correlationData = null) {
      return acknowledged(watch.closed, times.acknowledgeMs, (done) => {
        client.publish(message.topic, message.payload, publishOptions(message, protocol, correlationData), (error) => done(error));
      });
    },
    subscribe: (subscriptions) => subscribe(client, protocol, subscriptions, watch.closed, times.acknowledgeMs),
    destroy,
    async end() {
      watch.own("we ended it");
      const forced = setTimeout(() => closeNow(client), times.endMs);
      client.end(false);
      await watch.closed;
      clearTimeout(forced);
    },
  };
}

/** MQTT.js ignores a forced end after a graceful one, which itself waits for every acknowledgement: hence the socket. */
function closeNow(client: MqttClient): void {
  client.end(true);
  client.stream.destroy();
}

function publishOptions(message: Message, protocol: ProtocolVersion, correlationData: Buffer | null): IClientPublishOptions {
  const options = { qos: message.qos, retain: message.retain };
  if (protocol === 4) return options;
  const content = message.json && message.payload !== "" ? { contentType: JSON_CONTENT_TYPE, payloadFormatIndicator: true } : {};
  const expiry = message.expiry === null ? {} : { messageExpiryInterval: message.expiry };
  const correlation = correlationData === null ? {} : { correlationData };
  return { ...options, properties: { ...expiry, ...content, ...correlation } };
}

/** `start` hands over a callback; the promise also ends with the link, or with the time. */
function acknowledged(closed: Promise<Ending>, limitMs: number, start: (done: (error?: Error | null) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new PublishError("silent", "the broker did not acknowledge it in time")), limitMs);
  void closed.then(({ reason }) => reject(new PublishError("lost", reason)));
  start((error) => {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    if (error === null || error === undefined) resolve();
    else if (typeof code === "number") reject(new PublishError("refused", reasonText(code), code));
    else reject(new PublishError("lost", systemText(error)));
  });
  return promise.finally(() => clearTimeout(timer));
}

async function subscribe(
  client: MqttClient,
  protocol: ProtocolVersion,
  subscriptions: readonly Subscription[],
  closed: Promise<Ending>,
  limitMs: number,
): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const { filter, retained } of subscriptions) {
    const options = protocol === 5 ? { qos: 1 as const, nl: true, rh: retained ? 0 : 2 } : { qos: 1 as const };
    try {
      await acknowledged(closed, limitMs, (done) => {
        client.subscribe(filter, options, (error) => done(refusalCode(error) ?? error));
      });
    } catch (error) {
      if (!(error instanceof PublishError) || error.kind !== "refused") throw error;
      refused.push(filter);
    }
  }
  return refused;
}

/** MQTT.js says a refusal only in words; the code is in the SUBACK that comes with it. */
function refusalCode(error: Error | null): (Error & { readonly code: number }) | null {
  const granted = (error as { readonly packet?: { readonly granted?: unknown } } | null)?.packet?.granted;
  const code = Array.isArray(granted) ? granted.find((one) => typeof one === "number" && one >= 128) : undefined;
  return code === undefined ? null : Object.assign(new Error("subscription refused"), { code });
}
