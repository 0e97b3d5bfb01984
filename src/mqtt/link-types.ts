import type { Message } from "../model/message.ts";

export type ProtocolVersion = 4 | 5;

/** Where the broker is and how we introduce ourselves. File names are read before each connect, so that certificates may rotate. */
export interface BrokerAddress {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`, without user and password. */
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
  /** Stable: the broker then ends our old session, and sends its will, before the new one begins. */
  readonly clientId: string;
  readonly tls: TlsFiles;
}

/** Names of PEM files. */
export interface TlsFiles {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export const NO_TLS_FILES: TlsFiles = { ca: null, cert: null, key: null };

/** Durations of the socket itself, always in real time. */
export interface LinkTimes {
  readonly connectMs: number;
  readonly keepaliveSeconds: number;
  /** How long a publish may go unacknowledged before the link counts as stuck. */
  readonly acknowledgeMs: number;
  /** How long a graceful end may take before the socket is closed by force. */
  readonly endMs: number;
}

export const DEFAULT_TIMES: LinkTimes = { connectMs: 10_000, keepaliveSeconds: 30, acknowledgeMs: 20_000, endMs: 1_500 };

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** A copy that the broker kept, not something sent now. */
  readonly retain: boolean;
  readonly responseTopic: string | null;
  readonly correlationData: Buffer | null;
}

export interface Subscription {
  readonly filter: string;
  /** Whether retained copies are wanted at the subscription (MQTT 5; 3.1.1 always sends them). */
  readonly retained: boolean;
}

/** How a link ended. */
export interface Ending {
  /** One line in plain words. */
  readonly reason: string;
  /** Reason code of the broker's DISCONNECT (MQTT 5); `null` without. */
  readonly code: number | null;
  /** The broker hung up, rather than we or silence. */
  readonly hungUp: boolean;
}

/** One live connection to the broker. It never reconnects: after its end comes a fresh one. */
export interface Link {
  readonly protocol: ProtocolVersion;
  /** Bytes of the largest packet that the broker takes, where it says so (MQTT 5). */
  readonly maximumPacketSize: number | null;
  readonly closed: Promise<Ending>;
  /**
   * Resolves when the broker acknowledged it (QoS 1) or it was written (QoS 0).
   *
   * @throws PublishError
   */
  publish(message: Message, correlationData?: Buffer | null): Promise<void>;
  /** Resolves to the filters that the broker refused. */
  subscribe(subscriptions: readonly Subscription[]): Promise<readonly string[]>;
  /** DISCONNECT after what is in flight, then by force: no will is published unless it had to be forced. */
  end(): Promise<void>;
  /** Closes the socket at once: the broker publishes the will. */
  destroy(reason: string): void;
}

/** `refused`: the broker answered with a reason code. `lost`: the link ended first. `silent`: no answer in time. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly kind: "refused" | "lost" | "silent";
  readonly code: number | null;

  constructor(kind: "refused" | "lost" | "silent", message: string, code: number | null = null) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** Why no link came about. `hungUp`: the broker closed the connection without saying anything. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly kind: "refused" | "hungUp" | "unreachable" | "silent";
  /** Code of the refusal. */
  readonly code: number | null;

  constructor(kind: ConnectError["kind"], message: string, code: number | null = null) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

export interface LinkRequest {
  readonly broker: BrokerAddress;
  readonly protocol: ProtocolVersion;
  readonly times: LinkTimes;
  /** Retained topic on which the broker says `offline` for us when we vanish. */
  readonly willTopic: string;
  readonly onMessage: (message: IncomingMessage) => void;
}

/** Opens one link. Rejects with a `ConnectError`. */
export type OpenLink = (request: LinkRequest, signal: AbortSignal) => Promise<Link>;
