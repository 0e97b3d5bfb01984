import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "program", "node_modules", "node-red", "red.js");
const EXAMPLES = join(import.meta.dirname, "..", "..", "examples", "node-red");
const START_MS = 40_000;
const STOP_MS = 8_000;

export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface NodeRedOptions {
  /** File below `examples/node-red/`, without `.json`. */
  readonly flow: string;
  /** `mqtt://127.0.0.1:<port>` */
  readonly brokerUrl: string;
  /** What a user sets in the flow's own environment variables. */
  readonly set: Readonly<Record<string, string | number>>;
  /** An empty folder, or one that an earlier Node-RED left: the user's folder, and where relative file names are. */
  readonly directory: string;
}

export interface NodeRed {
  readonly pid: number;
  /** What it said on its terminal. */
  output(): string;
  /** As `systemctl stop` does; killed where that does not help. */
  stop(): Promise<void>;
  /** As a power cut does. */
  kill(): Promise<void>;
}

/** An example as it stands in the repository. */
export async function readFlow(name: string): Promise<readonly FlowNode[]> {
  return JSON.parse(await readFile(join(EXAMPLES, `${name}.json`), "utf8")) as readonly FlowNode[];
}

/** A real Node-RED on loopback with one example flow in it, set as a user sets it. Resolves when its flows run and it is connected. */
export async function startNodeRed({ flow, brokerUrl, set, directory }: NodeRedOptions): Promise<NodeRed> {
  const broker = new URL(brokerUrl);
  const nodes = withSettings(await readFlow(flow), { MQTT_HOST: broker.hostname, MQTT_PORT: broker.port, ...set });
  const port = await freePort();
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "settings.cjs"), settingsOf(port));
  await writeFile(join(directory, "flows.json"), JSON.stringify(nodes));
  const args = [PROGRAM, "--userDir", directory, "--settings", join(directory, "settings.cjs"), "flows.json"];
  const child = spawn(process.execPath, args, {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], TZ: "UTC" },
  });
  let output = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const running = new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`Node-RED did not start:\n${output}`)), START_MS);
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes("Connected to broker")) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`Node-RED ended with ${code}:\n${output}`));
    });
  });
  try {
    await running;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    stop: () => end(child, ended, "SIGTERM"),
    kill: () => end(child, ended, "SIGKILL"),
  };
}

async function end(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(late);
}

function withSettings(nodes: readonly FlowNode[], set: Readonly<Record<string, string | number>>): readonly FlowNode[] {
  const left = new Set(Object.keys(set));
  const changed = nodes.map((node) => {
    if (node.type !== "tab") return node;
    const env = (node["env"] as readonly { readonly name: string; readonly value: string }[]).map((one) => {
      left.delete(one.name);
      return one.name in set ? { ...one, value: String(set[one.name]) } : one;
    });
    return { ...node, env };
  });
  if (left.size > 0) throw new Error(`the flow has no such setting: ${[...left].join(", ")}`);
  return changed;
}

/** Nothing is fetched, reported or asked: no palette, no telemetry, no credentials file to encrypt. */
function settingsOf(port: number): string {
  const settings = {
    uiHost: "127.0.0.1",
    uiPort: port,
    flowFile: "flows.json",
    credentialSecret: false,
    externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false }, modules: { allowInstall: false } },
    editorTheme: { palette: { editable: false }, projects: { enabled: false }, tours: false },
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false, ui: false },
    logging: { console: { level: "info", metrics: false, audit: false } },
  };
  return `module.exports = ${JSON.stringify(settings, null, 2)};\n`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
