import type { Certificate } from "./certificate.ts";
import { createPort, type Port, type PortOptions, type Scheme } from "./port.ts";

/** How often a server that refuses connections looks whether it takes them again, ms. */
const LOOK_AGAIN_MS = 20;

export interface PortSetOptions extends Omit<PortOptions, "port"> {
  /** The ports and what each speaks; a port that may speak nothing now is closed, so that connections are refused. */
  readonly ports: readonly { readonly port: number; readonly schemes: readonly Scheme[] }[];
}

/** A server's ports, open or closed by what the server says that it takes. */
export interface PortSet {
  readonly numbers: readonly number[];
  readonly connections: number;
  readonly accepted: number;
  setCertificate(certificate: Certificate): void;
  cut(): void;
  /** Opens and closes ports as `accepts` says now. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

export async function openPorts(options: PortSetOptions): Promise<PortSet> {
  const ports: readonly Port[] = options.ports.map(({ port, schemes }) =>
    createPort({ ...options, port, accepts: (scheme) => schemes.includes(scheme) && options.accepts(scheme) }),
  );
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let work = Promise.resolve();

  const wanted = (at: number) => !closed && (options.ports[at]?.schemes.some(options.accepts) ?? false);
  const settle = async () => {
    for (const [at, port] of ports.entries()) await (wanted(at) ? port.listen() : port.stop());
    if (timer !== null) clearTimeout(timer);
    timer = closed || ports.every((_, at) => wanted(at)) ? null : setTimeout(() => void follow(), LOOK_AGAIN_MS).unref();
  };
  const follow = () => {
    work = work.then(settle, settle);
    return work;
  };
  // A free port is taken once, so that its number is known even where nothing is spoken there yet.
  for (const port of ports) await port.listen();
  await follow();
  const sum = (count: (port: Port) => number) => ports.reduce((total, port) => total + count(port), 0);
  return {
    get numbers() {
      return ports.map((port) => port.number);
    },
    get connections() {
      return sum((port) => port.connections);
    },
    get accepted() {
      return sum((port) => port.accepted);
    },
    setCertificate: (certificate) => {
      for (const port of ports) port.setCertificate(certificate);
    },
    cut: () => {
      for (const port of ports) port.cut();
    },
    follow,
    close() {
      closed = true;
      return follow();
    },
  };
}
