import { parseArgs } from "node:util";
import { argumentOf, SETTINGS } from "../config/settings.ts";
import { argumentNames } from "../config/sources.ts";
import { suggestion } from "../config/tree.ts";
import { BridgeError } from "../model/errors.ts";

export const COMMANDS = ["run", "demo", "check", "discover", "record"] as const;
export type Command = (typeof COMMANDS)[number];

export interface CommandLine {
  readonly command: Command | "help" | "version";
  /** Settings by argument, for `loadConfig`. */
  readonly settings: Readonly<Record<string, string>>;
  /** How long `demo` and `discover` go on; `null`: until Ctrl-C, or their own default. */
  readonly seconds: number | null;
  /** File that `record` writes; `null`: standard output. */
  readonly output: string | null;
}

/** Arguments that are no settings, and the commands that have them. */
const OWN: Readonly<Record<string, readonly Command[]>> = { seconds: ["demo", "discover"], output: ["record"] };

/** Reads the arguments after `envoy2mqtt`. Throws a `BridgeError("config")` that names the wrong one. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const values: Record<string, string> = {};
  const words: string[] = [];
  const flags = new Set<string>();
  for (const token of tokensOf(argv)) {
    if (token.kind === "positional") words.push(token.value);
    else if (token.kind === "option") read(token, values, flags);
  }
  const command = commandOf(words);
  for (const [name, commands] of Object.entries(OWN)) {
    if (name in values && !commands.includes(command)) throw wrong(`--${name}`, `is only for ${commands.join(" and ")}`);
  }
  const { seconds, output, ...settings } = values;
  const wanted = flags.has("help") ? "help" : flags.has("version") ? "version" : command;
  return { command: wanted, settings, seconds: seconds === undefined ? null : secondsOf(seconds), output: output ?? null };
}

type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];

function tokensOf(argv: readonly string[]): readonly Token[] {
  const names = [...argumentNames(), ...Object.keys(OWN)];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

function read(token: Extract<Token, { kind: "option" }>, values: Record<string, string>, flags: Set<string>): void {
  const { name, rawName, value } = token;
  if (name === "help" || name === "version") {
    flags.add(name);
    return;
  }
  const names = [...argumentNames(), ...Object.keys(OWN), "help", "version"];
  if (!names.includes(name)) throw wrong(rawName, `is not a known argument${hint(name, names)}`);
  if (value === undefined || (token.inlineValue === false && value.startsWith("-"))) throw wrong(rawName, "needs a value");
  if (name in values) throw wrong(rawName, "stands there twice");
  values[name] = value;
}

function hint(name: string, names: readonly string[]): string {
  const secret = SETTINGS.find((setting) => setting.secret && argumentOf(setting) === `${name}-file`);
  return secret === undefined ? suggestion(name, names, "--") : `: others could read it; use --${name}-file, the file or a variable`;
}

function commandOf(words: readonly string[]): Command {
  const [word = "run", extra] = words;
  const command = COMMANDS.find((one) => one === word);
  if (command === undefined) throw wrong(word, `is not a known command${suggestion(word, COMMANDS)}; envoy2mqtt --help lists them`);
  if (extra !== undefined) throw wrong(extra, "is more than one command");
  return command;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds > 0 && seconds <= 31_536_000)) throw wrong("--seconds", "must be a number of seconds above 0");
  return seconds;
}

function wrong(what: string, why: string): BridgeError {
  return new BridgeError("config", `${what} ${why}`);
}

/** What `--help` prints. */
export function helpText(version: string): string {
  const width = Math.max(...SETTINGS.map((setting) => argumentOf(setting).length)) + 10;
  const line = (name: string, doc: string): string => `  ${name.padEnd(width)}${doc}`;
  return [
    `envoy2mqtt ${version}: publishes an Enphase Envoy (IQ Gateway) over MQTT.`,
    "",
    "envoy2mqtt [command] [--argument value …]",
    "",
    line("run", "Read the gateways and publish, until told to stop. The default."),
    line("demo", "The whole bridge with a simulated gateway, cloud and broker. --seconds N ends it."),
    line("check", "Walk the set-up step by step and say what is wrong."),
    line("discover", "List the gateways on this network. --seconds N waits longer than 5."),
    line("record", "Write what the gateway answers, without anything personal. --output FILE."),
    "",
    line("--config <file>", "Configuration file. Default config/envoy2mqtt.yaml."),
    ...SETTINGS.map((setting) => line(`--${argumentOf(setting)} <${setting.secret ? "file" : "value"}>`, setting.doc)),
    line("-h, --help", "This."),
    line("-v, --version", "The version."),
    "",
  ].join("\n");
}
