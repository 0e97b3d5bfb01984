import { dirname, isAbsolute, join } from "node:path";
import { parseDocument } from "yaml";
import { argumentOf, credentialOf, DEFAULT_FILE, GATEWAY_SETTINGS, LISTS, PREFIX, SETTINGS, type Setting, variableOf } from "./settings.ts";
import { at, isTree, put, suggestion, type Tree, take, withoutNulls, wrong } from "./tree.ts";

/** From where configuration comes; nothing of the process itself is looked at. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Settings from the command line by argument: `{ "mqtt-url": "mqtt://…", config: "…" }`. */
  readonly args: Readonly<Record<string, string>>;
  /** Throws with a `code` (such as `ENOENT`) where the file cannot be read. */
  readonly readFile: (path: string) => string;
  /** systemd's `$CREDENTIALS_DIRECTORY`; `null` without. */
  readonly credentialsDirectory: string | null;
  /** Where relative names of files begin. */
  readonly cwd: string;
}

/** Settings gathered from everywhere, not checked yet. */
export interface Gathered {
  readonly tree: Tree;
  /** What a key is called where its value was found: for messages. */
  readonly label: (path: string) => string;
  readonly files: readonly string[];
  /** File of the secret at `path`, where it has one of its own. */
  readonly secretFile: (path: string) => string | null;
}

class Gathering implements Gathered {
  readonly sources: ConfigSources;
  readonly files: string[] = [];
  readonly tree: Tree;
  readonly #labels = new Map<string, string>();
  readonly #secretFiles = new Map<string, string>();
  readonly #file: string;

  constructor(sources: ConfigSources) {
    this.sources = sources;
    const named = sources.args["config"] ?? given(sources.env[`${PREFIX}CONFIG`]);
    this.#file = named ?? DEFAULT_FILE;
    this.tree = this.#readYaml(this.#file, named !== undefined);
  }

  readonly label = (path: string): string => this.#labels.get(path) ?? `${this.#file}: ${path}`;
  readonly secretFile = (path: string): string | null => this.#secretFiles.get(path) ?? null;

  set(path: string, value: unknown, label: string): void {
    put(this.tree, path, value);
    this.#labels.set(path, label);
    this.#secretFiles.delete(path);
  }

  /** A secret from a file of its own. A relative name is sought in the credentials directory, then beside `base`. */
  setSecret(path: string, file: unknown, label: string, base: string): void {
    if (typeof file !== "string" || file === "") throw wrong(label, "must name a file");
    const { credentialsDirectory } = this.sources;
    const places = [...(credentialsDirectory === null || isAbsolute(file) ? [] : [join(credentialsDirectory, file)]), absolute(file, base)];
    for (const place of places) {
      const content = this.tryRead(place);
      if (content === null) continue;
      const secret = content.replace(/\r?\n$/, "");
      if (secret === "") throw wrong(label, `names an empty file: ${place}`);
      this.set(path, secret, label);
      this.#secretFiles.set(path, place);
      return;
    }
    throw wrong(label, `names a file that does not exist: ${places.at(-1)}`);
  }

  /** Content of a file, `null` where there is none. */
  tryRead(path: string): string | null {
    try {
      const content = this.sources.readFile(path);
      this.files.push(path);
      return content;
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
      if (code === "ENOENT" || code === "ENOTDIR") return null;
      throw wrong(`${path}:`, `cannot be read (${code})`);
    }
  }

  /** Folder beside which names in the file are meant. */
  get fileBase(): string {
    return dirname(absolute(this.#file, this.sources.cwd));
  }

  #readYaml(file: string, needed: boolean): Tree {
    const content = this.tryRead(absolute(file, this.sources.cwd));
    if (content === null) {
      if (needed) throw wrong(`${file}:`, "there is no such configuration file");
      return {};
    }
    const document = parseDocument(content, { logLevel: "error" });
    const [error] = document.errors;
    if (error !== undefined) throw wrong(`${file}:`, `is not YAML: ${error.message.split("\n")[0]?.replace(/:$/, "")}`);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 20 });
    } catch (cause) {
      throw wrong(`${file}:`, `is not YAML that can be used: ${(cause as Error).message}`);
    }
    if (value === null || value === undefined) return {};
    if (!isTree(value)) throw wrong(`${file}:`, "must hold keys and values");
    return withoutNulls(value);
  }
}

const given = (value: string | undefined): string | undefined => (value === "" ? undefined : value);
const absolute = (path: string, base: string): string => (isAbsolute(path) ? path : join(base, path));

/** Reads the file, then credentials, then variables, then arguments; later ones win. Throws a `BridgeError` for names that are unknown. */
export function gather(sources: ConfigSources): Gathered {
  const gathering = new Gathering(sources);
  secretFilesOf(gathering, "", SETTINGS);
  const gateways = gathering.tree[LISTS.gateways];
  if (Array.isArray(gateways))
    for (const index of gateways.keys()) secretFilesOf(gathering, `${LISTS.gateways}.${index}.`, GATEWAY_SETTINGS);
  fromCredentials(gathering);
  fromVariables(gathering);
  fromArguments(gathering);
  return gathering;
}

const secrets = (settings: readonly Setting[]): readonly Setting[] => settings.filter(({ secret }) => secret === true);

/** `token_file: …` in the file, for each secret. */
function secretFilesOf(gathering: Gathering, prefix: string, settings: readonly Setting[]): void {
  for (const { path } of secrets(settings)) {
    const { tree } = gathering;
    const holder = prefix === "" ? tree : listItem(tree, prefix);
    const file = take(holder, `${path}_file`);
    if (file === undefined || file === null) continue;
    const label = gathering.label(`${readable(prefix)}${path}_file`);
    if (at(holder, path) !== undefined) throw wrong(label, `stands beside ${path}: only one of them can count`);
    const target = prefix === "" ? path : `${prefix}${path}`;
    gathering.setSecret(target, file, label, gathering.fileBase);
  }
}

function listItem(tree: Tree, prefix: string): Tree {
  const [list, index] = prefix.split(".") as [string, string];
  const item = (tree[list] as unknown[])[Number(index)];
  return isTree(item) ? item : {};
}

/** `gateways.1.` → `gateways[2].`: as people count. */
function readable(prefix: string): string {
  return prefix.replace(/^(\w+)\.(\d+)\./, (_, list: string, index: string) => `${list}[${Number(index) + 1}].`);
}

function fromCredentials(gathering: Gathering): void {
  const { credentialsDirectory } = gathering.sources;
  if (credentialsDirectory === null) return;
  for (const setting of secrets(SETTINGS)) {
    const file = join(credentialsDirectory, credentialOf(setting));
    if (gathering.tryRead(file) !== null) gathering.setSecret(setting.path, file, `credential ${credentialOf(setting)}`, "/");
  }
}

/** Kubernetes sets such variables for a service that is called envoy2mqtt: they are not meant for us. */
const NOT_OURS = /^(SERVICE_(HOST|PORT.*)|PORT(_.*)?)$/;

function fromVariables(gathering: Gathering): void {
  const { env, cwd } = gathering.sources;
  const names = variableNames();
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined || text === "" || NOT_OURS.test(name.slice(PREFIX.length))) continue;
    if (!names.includes(name)) throw wrong(name, `is not a known variable${suggestion(name, names)}`);
  }
  for (const setting of SETTINGS) {
    const name = variableOf(setting);
    const text = given(env[name]);
    const file = setting.secret ? given(env[`${name}_FILE`]) : undefined;
    if (text !== undefined && file !== undefined) throw wrong(`${name}_FILE`, `stands beside ${name}: only one of them can count`);
    if (text !== undefined) gathering.set(setting.path, setting.form.parse(text), name);
    if (file !== undefined) gathering.setSecret(setting.path, file, `${name}_FILE`, cwd);
  }
}

/** Every variable that is known. */
export function variableNames(): readonly string[] {
  return [
    `${PREFIX}CONFIG`,
    ...SETTINGS.flatMap((setting) => (setting.secret ? [variableOf(setting), `${variableOf(setting)}_FILE`] : [variableOf(setting)])),
  ];
}

/** Every argument that is known, without `--`. */
export function argumentNames(): readonly string[] {
  return ["config", ...SETTINGS.map(argumentOf)];
}

function fromArguments(gathering: Gathering): void {
  const { args, cwd } = gathering.sources;
  const unknown = Object.keys(args).find((name) => !argumentNames().includes(name));
  if (unknown !== undefined) throw wrong(`--${unknown}`, `is not a known argument${suggestion(unknown, argumentNames(), "--")}`);
  for (const setting of SETTINGS) {
    const name = argumentOf(setting);
    const text = args[name];
    if (text === undefined) continue;
    if (setting.secret) gathering.setSecret(setting.path, text, `--${name}`, cwd);
    else gathering.set(setting.path, setting.form.parse(text), `--${name}`);
  }
}
