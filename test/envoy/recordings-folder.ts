import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A folder with `recordings/` and `expected/`: what real gateways answered, and what pyenphase reads from it. Beside the project, not in it. */
const FOLDER = resolve(process.env["ENVOY_RECORDINGS"] ?? join(import.meta.dirname, "../../../shared"));

export interface RecordedAnswer {
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
}

/** What pyenphase says of a recording. */
export interface Expected {
  readonly firmware: string;
  readonly data?: { readonly [group: string]: unknown };
  readonly interface_information: unknown;
  readonly first_requests: readonly string[];
  readonly steady_requests: readonly string[];
  readonly supported_features: readonly string[];
}

export interface RecordedGateway {
  readonly name: string;
  readonly file: string;
  /** By path with query. */
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
  readonly expected: Expected;
}

export function recordedGateways(): readonly RecordedGateway[] {
  const folder = join(FOLDER, "recordings");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return names.sort().map((name) => {
    const file = join(folder, name);
    const { responses } = JSON.parse(readFileSync(file, "utf8")) as { responses: Record<string, RecordedAnswer> };
    const answers = new Map(Object.entries(responses).map(([request, answer]) => [request.replace(/^GET /, ""), answer]));
    return { name: name.replace(/\.json$/, ""), file, answers, expected: JSON.parse(readFileSync(join(FOLDER, "expected", name), "utf8")) };
  });
}
