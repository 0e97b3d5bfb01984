import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type BrokerProcess, freePort, startBrokerProcess } from "./broker-process.ts";

export interface MosquittoOptions {
  /** Lines of `mosquitto.conf` after the listener's, such as `max_packet_size 3000`. */
  readonly lines?: readonly string[];
  /** Files that the lines name, by name; `{dir}` in a line is their folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
  /** One of `mosquittos`; the first where not given. */
  readonly program?: string;
}

export interface MosquittoProgram {
  readonly program: string;
  /** Such as `2.0.11`. */
  readonly version: string;
}

const PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/sbin"].join(delimiter);
const PROGRAMS = (process.env["MOSQUITTO"] ?? "mosquitto").split(delimiter);

/** Every Mosquitto that is here: the one on the path, or those that MOSQUITTO names, with `:` between them. */
export function mosquittos(): readonly MosquittoProgram[] {
  return PROGRAMS.flatMap((program) => {
    const { stdout, error } = spawnSync(program, ["-h"], { env: { ...process.env, PATH }, encoding: "utf8", timeout: 5_000 });
    return error === undefined ? [{ program, version: /version (\S+)/.exec(stdout)?.[1] ?? "of unknown version" }] : [];
  });
}

/** `2.0.11`, or null where there is none. */
export function mosquittoVersion(): string | null {
  return mosquittos()[0]?.version ?? null;
}

/** A real Mosquitto as a process of its own, on a free port of loopback. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<BrokerProcess> {
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
  const command = [options.program ?? PROGRAMS[0] ?? "mosquitto", "-c", file];
  const broker = await startBrokerProcess({ command, env: { ...process.env, PATH }, port, folder });
  return {
    ...broker,
    async stop() {
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
