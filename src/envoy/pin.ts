import { createHash } from "node:crypto";
import { TLSSocket } from "node:tls";
import { buildConnector } from "undici";
import { BridgeError } from "../model/errors.ts";

/** `pin`: the key seen first is the only one accepted. `verify`: by the machine's authorities. `off`: whatever comes. */
export type TlsMode = "pin" | "verify" | "off";

/** Remembers which key of the gateway is accepted, as `sha256/<base64>` of its public key (SPKI). */
export interface PinStore {
  accepted(): string | null;
  accept(fingerprint: string): void;
}

export interface TlsOptions {
  readonly mode: TlsMode;
  readonly pin: PinStore;
  /** What a person does to accept a changed key; ends the line that reports it. */
  readonly howToAccept: string;
  /** ms for TCP and TLS together. */
  readonly connectTimeout: number;
}

/** Opens connections to one gateway and holds it to its key. */
export interface Trust {
  readonly connect: buildConnector.connector;
  /** A new connection showed this key. Gives the error where it is not the accepted one: nothing may be sent then. */
  meet(host: string, fingerprint: string): BridgeError | null;
  /** Accepts the key of the present connection, or else of the next, where none is accepted yet. */
  accept(): void;
  /** Whether TLS has been spoken with it, or its key was accepted earlier: from then on nothing goes in the clear. */
  isSecured(): boolean;
  /** Connections opened so far: tells a reused connection from a new one. */
  opened(): number;
}

/** The check comes before undici gets the socket, so nothing is written to a gateway with another key. */
export function createTrust(options: TlsOptions): Trust {
  const { mode, pin } = options;
  const open = buildConnector({
    timeout: options.connectTimeout,
    // On a resumed session the peer's certificate is not known.
    maxCachedSessions: 0,
    allowH2: false,
    rejectUnauthorized: mode === "verify",
    minVersion: "TLSv1.2",
  });
  let offered: string | null = null;
  let wanted = false;
  let secured = false;
  let opened = 0;
  function acceptOffered(): void {
    if (mode === "pin" && offered !== null && pin.accepted() === null) pin.accept(offered);
  }

  function meet(host: string, fingerprint: string): BridgeError | null {
    opened += 1;
    const accepted = pin.accepted();
    if (mode === "pin" && accepted !== null && fingerprint !== accepted) return changed(host, accepted, fingerprint, options.howToAccept);
    offered = fingerprint;
    secured = true;
    if (wanted) acceptOffered();
    return null;
  }

  return {
    meet,
    connect(target, callback) {
      open(target, (error, socket) => {
        if (error !== null) return callback(error, null);
        if (!(socket instanceof TLSSocket)) {
          opened += 1;
          return callback(null, socket);
        }
        const stranger = meet(target.hostname, fingerprintOf(socket));
        if (stranger === null) return callback(null, socket);
        socket.destroy();
        callback(stranger, null);
      });
    },
    accept() {
      wanted = true;
      acceptOffered();
    },
    isSecured: () => secured || (mode === "pin" && pin.accepted() !== null),
    opened: () => opened,
  };
}

function fingerprintOf(socket: TLSSocket): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return key === undefined ? "none" : `sha256/${createHash("sha256").update(key).digest("base64")}`;
}

function changed(host: string, accepted: string, seen: string, howToAccept: string): BridgeError {
  return new BridgeError(
    "certificate",
    `${host} shows another certificate key (${seen}) than the accepted one (${accepted}); nothing was sent to it. ${howToAccept}`,
  );
}
