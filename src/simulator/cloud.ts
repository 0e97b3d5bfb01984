import type { IncomingMessage, ServerResponse } from "node:http";
import { createCertificate } from "./certificate.ts";
import { type CloudCore, type CloudCoreOptions, createCloudCore } from "./cloud-core.ts";
import { deliver, receive } from "./deliver.ts";
import type { Scheme } from "./port.ts";
import { openPorts } from "./port-set.ts";

export interface CloudOptions extends Omit<CloudCoreOptions, "changed"> {
  readonly host?: string;
  readonly port?: number;
  /** Plain http instead of https. */
  readonly plain?: boolean;
}

/** A simulated Enlighten and Entrez on loopback. */
export interface SimulatedCloud extends Omit<CloudCore, "handle" | "accepts"> {
  readonly core: CloudCore;
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  readonly loginUrl: string;
  readonly tokenUrl: string;
  /** PEM of the authority that signed its certificate (itself). */
  readonly ca: string;
  offline(): Promise<void>;
  online(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a simulated cloud over real sockets. Close it when done. */
export async function startCloud(options: CloudOptions): Promise<SimulatedCloud> {
  const address = options.host ?? "127.0.0.1";
  const certificate = await createCertificate("enlighten.simulated", address);
  let follow: () => Promise<void> = async () => {};
  const core = createCloudCore({ ...options, changed: () => void follow() });
  const scheme: Scheme = options.plain === true ? "http" : "https";
  let isOffline = false;

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const answered = core.handle(await receive(scheme, request));
    if (answered === null) response.socket?.destroy();
    else await deliver(answered, response);
  };
  const ports = await openPorts({
    host: address,
    certificate,
    ports: [{ port: options.port ?? 0, schemes: [scheme] }],
    accepts: () => !isOffline && core.accepts(),
    onRequest: (_scheme, request, response) => void serve(request, response).catch(() => response.destroy()),
  });
  follow = ports.follow;
  const setOffline = (offline: boolean) => {
    isOffline = offline;
    return ports.follow();
  };
  const url = `${scheme}://${address}:${ports.numbers[0]}`;
  return Object.defineProperties({} as SimulatedCloud, {
    ...Object.getOwnPropertyDescriptors(core),
    ...Object.getOwnPropertyDescriptors({
      core,
      url,
      loginUrl: `${url}/login/login.json`,
      tokenUrl: `${url}/tokens`,
      ca: certificate.cert,
      offline: () => setOffline(true),
      online: () => setOffline(false),
      close: ports.close,
    } satisfies Omit<SimulatedCloud, keyof CloudCore>),
  });
}
