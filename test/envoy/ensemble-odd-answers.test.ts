import { describe, expect, test } from "vitest";
import type { Source } from "../../src/envoy/source.ts";
import { SOURCES } from "../../src/envoy/sources.ts";
import { type Capabilities, NO_CAPABILITIES } from "../../src/model/capabilities.ts";
import { BridgeError } from "../../src/model/errors.ts";
import type { Groups } from "../../src/model/snapshot.ts";
import { asReference, everyLeaf } from "./expected-ensemble.ts";
import { askStatic, recordedInfo } from "./read-gateway.ts";
import { type RecordedGateway, recordedGateways } from "./recordings-folder.ts";

/** Between them they have everything. */
const RICHEST = ["8.2.127_with_generator_running", "8.3.1598_collar", "8.3.5169_ACB_inventory", "8.3.5169_with_generator"];
const gateways = recordedGateways().filter(({ name }) => RICHEST.includes(name));

const PATHS = [
  "/ivp/ensemble/inventory",
  "/ivp/ensemble/secctrl",
  "/ivp/ensemble/power",
  "/ivp/ensemble/dry_contacts",
  "/ivp/ss/dry_contact_settings",
  "/inventory.json?deleted=1",
  "/admin/lib/tariff",
  "/ivp/ss/gen_config",
  "/ivp/ensemble/generator",
  "/ivp/ss/gen_schedule",
  "/ivp/ss/gen_mode",
];
const READERS = SOURCES.filter(({ name }) => /ensemble|dry|ac-bat|tariff|generator/.test(name));

const DROPPED = Symbol("dropped");
const REPLACEMENTS: readonly unknown[] = [
  DROPPED,
  null,
  "",
  "NaN",
  {},
  [],
  [null],
  true,
  -1,
  1e300,
  Number.POSITIVE_INFINITY,
  "x".repeat(5000),
];
/** Without one of these nobody knows which device it is, so the device is lost; a lost type takes all its devices. */
const NAMING = ["serial_num", "serialNumber", "id", "type", "admin_state", "devType"];

const ODD_ANSWERS = [null, [], {}, "", 0, [null], [[]], { error: 1 }, { "devices:": 1, dry_contacts: {}, tariff: [] }];

/** Where the scalars of a document are; of the devices of one list, which are all alike, only in the first. */
function places(document: unknown): readonly (readonly string[])[] {
  const kinds = new Map<string, readonly string[]>();
  for (const place of everyPlace(document)) {
    const kind = place.map((key, depth) => (depth > 0 && /^\d+$/.test(key) ? "n" : key)).join("/");
    if (!kinds.has(kind)) kinds.set(kind, place);
  }
  return [...kinds.values()];
}

function everyPlace(value: unknown, place: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [place];
  return Object.entries(value).flatMap(([key, inner]) => everyPlace(inner, [...place, key]));
}

function replaced(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...(value as object) };
  const inner = replaced(copy[key], rest, replacement);
  if (inner !== DROPPED) copy[key] = inner;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy;
}

interface Case {
  readonly recording: RecordedGateway;
  readonly capabilities: Capabilities;
  readonly readers: readonly Source[];
}

/** What the readers make of it when `path` answers with `answer`, in the reference library's names. */
async function read({ recording, capabilities, readers }: Case, path?: string, answer?: unknown): Promise<ReadonlyMap<string, unknown>> {
  const ask = askStatic(recording.answers);
  const gateway = recordedInfo(recording.answers);
  const get = async (wanted: string) => (wanted === path ? answer : ask(wanted, new AbortController().signal));
  let groups: Partial<Groups> = {};
  for (const source of readers.filter((one) => one.wanted(capabilities))) {
    const result = await source.read({ gateway, capabilities, get, now: 0, drift: () => {} }).catch((error: unknown) => {
      if (!(error instanceof BridgeError)) throw error;
      return { groups: {} };
    });
    groups = { ...groups, ...result.groups };
  }
  return everyLeaf(asReference(groups), "");
}

/** Those of our sources that read `path`. */
async function readersOf(path: string, recording: RecordedGateway, capabilities: Capabilities): Promise<readonly Source[]> {
  const found: Source[] = [];
  for (const source of READERS.filter((one) => one.wanted(capabilities))) {
    const asked: string[] = [];
    const ask = askStatic(recording.answers, asked);
    const get = (wanted: string) => ask(wanted, new AbortController().signal);
    await source.read({ gateway: recordedInfo(recording.answers), capabilities, get, now: 0, drift: () => {} });
    if (asked.includes(path)) found.push(source);
  }
  return found;
}

async function capabilitiesOf({ answers }: RecordedGateway): Promise<Capabilities> {
  const ask = askStatic(answers);
  const get = (path: string) => ask(path, new AbortController().signal);
  let found = NO_CAPABILITIES;
  for (const source of SOURCES) found = { ...found, ...(await source.probe({ gateway: recordedInfo(answers), get, found })) };
  return found;
}

describe.skipIf(gateways.length === 0)("F-23: one spoiled value", () => {
  test.each(gateways)("of $name costs that value and no other", async (recording) => {
    const capabilities = await capabilitiesOf(recording);
    let tried = 0;
    for (const path of PATHS) {
      const answer = recording.answers.get(path);
      if (answer?.status !== 200) continue;
      const one = { recording, capabilities, readers: await readersOf(path, recording, capabilities) };
      const whole = await read(one);
      const document: unknown = JSON.parse(answer.body);
      for (const place of places(document)) {
        for (const replacement of REPLACEMENTS) {
          const got = await read(one, path, replaced(document, place, replacement));
          tried += 1;
          if (NAMING.includes(place.at(-1) ?? "")) continue;
          const lost = [...whole].filter(([key, value]) => JSON.stringify(got.get(key)) !== JSON.stringify(value));
          expect(lost.length, `${path} ${place.join("/")} = ${String(replacement).slice(0, 20)}: ${lost.join("; ")}`).toBeLessThanOrEqual(
            2,
          );
        }
      }
    }
    expect(tried).toBeGreaterThan(500);
  });
});

describe.skipIf(gateways.length === 0)("F-23: a whole answer of another shape", () => {
  test.each(PATHS)("from %s costs only its own values", async (path) => {
    for (const recording of gateways) {
      const one = { recording, capabilities: await capabilitiesOf(recording), readers: READERS };
      const touched = await readersOf(path, recording, one.capabilities);
      const whole = await read(one);
      const others = await read({ ...one, readers: READERS.filter((source) => !touched.includes(source)) });
      for (const answer of ODD_ANSWERS) {
        const got = await read(one, path, answer);
        const lost = [...others].filter(
          ([key, value]) => whole.get(key) === value && JSON.stringify(got.get(key)) !== JSON.stringify(value),
        );
        expect(
          lost.filter(([, value]) => value !== null && typeof value !== "object"),
          JSON.stringify(answer),
        ).toEqual([]);
      }
    }
  });
});
