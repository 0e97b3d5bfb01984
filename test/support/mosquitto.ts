import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

export interface MosquittoOptions {
  /** Lines of `mosquitto.conf` after the listener's, such as `max_packet_size 3000`. */
  readonly lines?: readonly string[];
  /** Files that the lines name, by name; `{dir}` in a line is their folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
}

/** A real Mosquitto as a process of its own, on a free port of loopback. */
export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** Its log so far. */
  log(): string;
  start(): Promise<void>;
  /** SIGKILL: nothing is said to anybody. */
  kill(): Promise<void>;
  /** SIGSTOP: its sockets stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  reload(): void;
  stop(): Promise<void>;
}

const PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/sbin"].join(delimiter);
const PROGRAM = process.env["MOSQUITTO"] ?? "mosquitto";

/** `Mosquitto 2.0.11`, or what a test's name says where there is none. */
export function mosquittoVersion(): string | null {
  const { stdout, error } = spawnSync(PROGRAM, ["-h"], { env: { ...process.env, PATH }, encoding: "utf8", timeout: 5_000 });
  if (error !== undefined) return null;
  return /version (\S+)/.exec(stdout)?.[1] ?? "of unknown version";
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
  const port = await freePort();
  for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), content, { mode: 0o600 });
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.anonymous ?? true}`,
    "log_dest stderr",
    "log_type all",
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    ...(options.lines ?? []),
  ];
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, `${lines.join("\n").replaceAll("{dir}", folder)}\n`);
  let child: ChildProcess | null = null;
  let said = "";

  const start = async () => {
    const process_ = spawn(PROGRAM, ["-c", file], { env: { ...process.env, PATH }, stdio: ["ignore", "ignore", "pipe"] });
    child = process_;
    process_.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-1_000_000);
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
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    reload: () => void child?.kill("SIGHUP"),
    async stop() {
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function accepting(port: number, exitCode: () => number | null, log: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (exitCode() !== null) throw new Error(`mosquitto ended: ${log()}`);
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
  throw new Error(`mosquitto does not listen: ${log()}`);
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
