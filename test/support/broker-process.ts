import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** A broker as a process of its own, on loopback. */
export interface BrokerProcess {
  readonly port: number;
  readonly url: string;
  /** Where its own files are. */
  readonly folder: string;
  /** The end of what it said on its terminal. */
  log(): string;
  start(): Promise<void>;
  /** SIGKILL: nothing is said to anybody. */
  kill(): Promise<void>;
  /** SIGTERM, and started again. */
  restart(): Promise<void>;
  /** SIGSTOP: its sockets stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  reload(): void;
  stop(): Promise<void>;
}

export interface BrokerProcessOptions {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  readonly folder: string;
}

const REMEMBERED = 20_000;

/** Resolves when it takes connections on its port. */
export async function startBrokerProcess({ command, env, port, folder }: BrokerProcessOptions): Promise<BrokerProcess> {
  const [program = "", ...args] = command;
  let child: ChildProcess | null = null;
  let said = "";

  const start = async () => {
    const process_ = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    child = process_;
    process_.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-REMEMBERED);
    });
    await accepting(
      port,
      () => process_.exitCode,
      () => said,
    );
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    if (signal !== "SIGKILL") child.kill("SIGCONT");
    await exited;
  };
  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    folder,
    log: () => said,
    start,
    kill: () => end("SIGKILL"),
    async restart() {
      await end("SIGTERM");
      await start();
    },
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    reload: () => void child?.kill("SIGHUP"),
    stop: () => end("SIGKILL"),
  };
}

async function accepting(port: number, exitCode: () => number | null, log: () => string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (exitCode() !== null) throw new Error(`the broker ended: ${log()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await wait(25);
  }
  throw new Error(`the broker does not listen: ${log()}`);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
