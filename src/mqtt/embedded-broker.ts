import { createServer } from "node:net";
import { Aedes } from "aedes";
import { BridgeError } from "../model/errors.ts";

export interface EmbeddedBroker {
  /** `mqtt://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/**
 * A broker for the first try, so that no other software is needed: on loopback only, MQTT 3.1.1, everything kept in memory.
 *
 * @param port 0 for any free one.
 * @throws BridgeError `config` when the port is taken.
 */
export async function startEmbeddedBroker(port: number): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker();
  // A client that breaks off or speaks nonsense is its own affair.
  broker.on("clientError", () => {});
  broker.on("connectionError", () => {});
  const server = createServer((socket) => {
    socket.on("error", () => {});
    broker.handle(socket);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, HOST, resolve);
    });
  } catch (cause) {
    broker.close();
    throw portTaken(port, cause);
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `mqtt://${HOST}:${bound}`,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await closed;
    },
  };
}

function portTaken(port: number, cause: unknown): BridgeError {
  const message = `The embedded broker cannot listen on ${HOST}:${port}: set mqtt.url if a broker runs there, or another mqtt.embedded_port.`;
  return new BridgeError("config", message, { cause });
}
