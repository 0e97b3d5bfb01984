import type { IncomingMessage, ServerResponse } from "node:http";
import { createCertificate } from "./certificate.ts";
import { deliver, receive } from "./deliver.ts";
import type { End } from "./faults.ts";
import { createGatewayCore, type GatewayCore, type GatewayCoreOptions } from "./gateway-core.ts";
import type { Scheme } from "./port.ts";
import { openPorts, type PortSet, type PortSetOptions } from "./port-set.ts";

export interface GatewayOptions extends Omit<GatewayCoreOptions, "changed"> {
  /** A loopback address; `127.0.0.1` where not given. */
  readonly host?: string;
  /** Speaks http and https, by the firmware; any free one where not given. */
  readonly port?: number;
  /** Instead of one port for both: one for each, such as 443 and 80. What the firmware does not speak refuses connections. */
  readonly ports?: { readonly https: number; readonly http: number };
  /** More connections than that at a time are cut. */
  readonly maxConnections?: number;
}

/** A simulated gateway on loopback. */
export interface SimulatedGateway extends Omit<GatewayCore, "handle" | "accepts"> {
  readonly core: GatewayCore;
  readonly address: string;
  readonly port: number;
  /** `address:port`, for a configuration that leaves the scheme to the bridge. */
  readonly host: string;
  /** With the scheme that the present firmware speaks. */
  readonly url: string;
  /** PEM of the present certificate. */
  readonly certificate: string;
  /** Connections open now, opened since the start, and the most requests that were under way at a time. */
  readonly connections: number;
  readonly acceptedConnections: number;
  readonly mostInFlight: number;
  /** Refuses connections until `online`. */
  offline(): Promise<void>;
  online(): Promise<void>;
  /** Cuts the open connections, idle or not. */
  cutConnections(): void;
  /** As an update does: sessions and nonces are forgotten and connections cut. */
  setFirmware(firmware: string): void;
  hang(): End;
  slow(ms: number): End;
  status(path: string, status: number, body?: string): End;
  body(path: string, body: string | Uint8Array): End;
  redirect(to: string): End;
  /** A new key and certificate; open connections are cut. */
  rotateKey(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a simulated gateway over real sockets. Close it when done. */
export async function startGateway(options: GatewayOptions): Promise<SimulatedGateway> {
  const address = options.host ?? "127.0.0.1";
  let certificate = await createCertificate("envoy.local", address);
  let follow: () => Promise<void> = async () => {};
  const core = createGatewayCore({ ...options, changed: () => void follow() });
  let inFlight = 0;
  let mostInFlight = 0;
  let isOffline = false;

  const serve = async (scheme: Scheme, request: IncomingMessage, response: ServerResponse) => {
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    response.once("close", () => {
      inFlight -= 1;
    });
    const answered = core.handle(await receive(scheme, request));
    if (answered === null) response.socket?.destroy();
    else await deliver(answered, response);
  };
  const accepts = (scheme: Scheme) => !isOffline && core.accepts(scheme);
  const ports: PortSet = await openPorts({
    host: address,
    certificate,
    ports: portsOf(options),
    accepts,
    mayConnect: () => ports.connections <= (options.maxConnections ?? Number.POSITIVE_INFINITY),
    onRequest: (scheme, request, response) => void serve(scheme, request, response).catch(() => response.destroy()),
  });
  follow = ports.follow;

  const portOf = (scheme: Scheme) => ports.numbers[scheme === "https" ? 0 : ports.numbers.length - 1] ?? 0;
  const scheme = (): Scheme => (core.firmware.major >= 7 ? "https" : "http");
  const setOffline = (offline: boolean) => {
    isOffline = offline;
    return ports.follow();
  };
  return Object.defineProperties({} as SimulatedGateway, {
    ...Object.getOwnPropertyDescriptors(core),
    ...Object.getOwnPropertyDescriptors({
      core,
      address,
      get port() {
        return portOf(scheme());
      },
      get host() {
        return `${address}:${portOf(scheme())}`;
      },
      get url() {
        return `${scheme()}://${address}:${portOf(scheme())}`;
      },
      get certificate() {
        return certificate.cert;
      },
      get connections() {
        return ports.connections;
      },
      get acceptedConnections() {
        return ports.accepted;
      },
      get mostInFlight() {
        return mostInFlight;
      },
      offline: () => setOffline(true),
      online: () => setOffline(false),
      cutConnections: ports.cut,
      setFirmware(firmware) {
        core.setFirmware(firmware);
        ports.cut();
      },
      hang: () => core.fault({ kind: "hang" }),
      slow: (ms) => core.fault({ kind: "slow", ms }),
      status: (path, status, body) => core.fault({ kind: "status", path, status, ...(body === undefined ? {} : { body }) }),
      body: (path, body) => core.fault({ kind: "body", path, body }),
      redirect: (to) => core.fault({ kind: "redirect", to }),
      async rotateKey() {
        certificate = await createCertificate("envoy.local", address);
        ports.setCertificate(certificate);
        ports.cut();
      },
      close: ports.close,
    } satisfies Omit<SimulatedGateway, Exclude<keyof GatewayCore, "setFirmware">>),
  });
}

function portsOf(options: GatewayOptions): PortSetOptions["ports"] {
  if (options.ports === undefined) return [{ port: options.port ?? 0, schemes: ["https", "http"] }];
  return [
    { port: options.ports.https, schemes: ["https"] },
    { port: options.ports.http, schemes: ["http"] },
  ];
}
