import { randomUUID } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { codeOf } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import { BridgeError } from "../model/errors.ts";

export interface StateLockOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** ms that an instance which is just ending gets to do so. */
  readonly patienceMs?: number;
}

const SOCKET = "in-use";
const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;
const ANSWER_MS = 1_000;

/**
 * Holds the state folder for this process, so that no second one counts the same energy and logs in with the same account. A socket is held
 * rather than a file: the system takes it away from a process that was killed, and process ids mean nothing between containers.
 *
 * @returns what lets go of it.
 * @throws BridgeError `config` where another process keeps it, `aborted` when told to stop while it waits.
 */
export async function holdStateFolder(directory: string, options: StateLockOptions): Promise<() => Promise<void>> {
  const { clock, logger, signal, patienceMs = PATIENCE_MS } = options;
  const path = join(directory, SOCKET);
  const end = clock.monotonic() + patienceMs;
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(() => {});
  for (;;) {
    const name = `${process.pid} ${randomUUID()}`;
    try {
      const server = await listen(path, name);
      // Another one may have found the same remains of a killed process, and removed what we made meanwhile.
      await clock.sleep(PAUSE_MS, signal).catch(() => {});
      if ((await ask(path)) === name) return () => close(server);
      await close(server);
    } catch (error) {
      if (codeOf(error) !== "EADDRINUSE") {
        logger.debug({ path }, `the state folder cannot be held (${codeOf(error)}): no second instance would be noticed`);
        return () => Promise.resolve();
      }
    }
    const holder = await ask(path);
    if (holder === null) await rm(path, { force: true });
    else if (clock.monotonic() >= end) throw inUse(directory, holder);
    else
      await clock.sleep(PAUSE_MS, signal).catch(() => {
        throw new BridgeError("aborted", `told to stop while another process still had the state folder ${directory}`);
      });
  }
}

function inUse(directory: string, holder: string): BridgeError {
  const who = `Another envoy2mqtt (process ${holder.split(" ")[0]}) uses the state folder ${directory}`;
  return new BridgeError("config", `${who}: stop it, or give this one a state_dir of its own.`);
}

async function listen(path: string, name: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(name);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.unref();
  await chmod(path, 0o600).catch(() => {});
  return server;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** The name of who holds the socket, `null` where nobody does. */
function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let said = "";
    socket.setTimeout(ANSWER_MS, () => finish(said || "unknown"));
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    socket.on("end", () => finish(said || null));
    socket.on("error", () => finish(said || null));
    function finish(holder: string | null): void {
      socket.destroy();
      resolve(holder);
    }
  });
}
