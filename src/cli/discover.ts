import createMdns, { type Options } from "multicast-dns";
import type { Clock } from "../lib/clock.ts";
import { BridgeError } from "../model/errors.ts";

/** A gateway that answered. */
export interface FoundGateway {
  /** `serialnum` of its record; `null` where it gives none. */
  readonly serial: string | null;
  /** `protovers`: the firmware; `null` where it gives none. */
  readonly firmware: string | null;
  /** Such as `envoy.local`; `null` without. */
  readonly host: string | null;
  /** IPv4 before IPv6. */
  readonly addresses: readonly string[];
}

/** The part of a DNS record that matters here. */
export interface DnsRecord {
  readonly type: string;
  readonly name: string;
  readonly data?: unknown;
}

const SERVICE = "_enphase-envoy._tcp.local";

export interface DiscoverOptions {
  readonly ms: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ends early as soon as this is found; for a start without a host. */
  readonly until?: (found: readonly FoundGateway[]) => boolean;
  /** Where to ask, for tests. */
  readonly network?: Options;
}

/** Asks the network for gateways and gathers what answers for `ms`. Throws a `BridgeError("unreachable")` where multicast does not work here. */
export async function discover({
  ms,
  clock,
  signal,
  until = () => false,
  network = {},
}: DiscoverOptions): Promise<readonly FoundGateway[]> {
  const records: DnsRecord[] = [];
  const mdns = createMdns(network);
  const enough = new AbortController();
  let failure: Error | null = null;
  mdns.on("error", (error: Error) => {
    failure = error;
    enough.abort();
  });
  mdns.on("warning", () => {});
  mdns.on("response", (packet) => {
    records.push(...[...(packet.answers ?? []), ...(packet.additionals ?? [])].map((record) => record as DnsRecord));
    if (until(gatewaysIn(records))) enough.abort();
  });
  const ask = (): void => mdns.query({ questions: [{ name: SERVICE, type: "PTR" }] });
  const end = AbortSignal.any([signal, enough.signal]);
  try {
    // Asked three times: a multicast packet is easily lost on Wi-Fi.
    for (const share of [0.1, 0.3, 0.6]) {
      if (end.aborted) break;
      ask();
      await clock.sleep(ms * share, end).catch(() => {});
    }
  } finally {
    await new Promise<void>((resolve) => mdns.destroy(() => resolve()));
  }
  if (failure !== null)
    throw new BridgeError(
      "unreachable",
      `Gateways cannot be looked for on this network (${(failure as Error).message}): give the gateway's address as host`,
    );
  return gatewaysIn(records);
}

/** What the records of all answers together say. */
export function gatewaysIn(records: readonly DnsRecord[]): readonly FoundGateway[] {
  const instances = new Set(
    records
      .filter((one) => one.type === "PTR" && one.name.toLowerCase() === SERVICE && typeof one.data === "string")
      .map((one) => one.data as string),
  );
  const found = [...instances].map((instance) => describe(instance, records));
  return found.filter((one, index) => found.findIndex((other) => other.serial === one.serial && other.host === one.host) === index);
}

function describe(instance: string, records: readonly DnsRecord[]): FoundGateway {
  const texts = records.filter((one) => one.type === "TXT" && one.name === instance).flatMap((one) => pairs(one.data));
  const service = records.find((one) => one.type === "SRV" && one.name === instance)?.data as { target?: unknown } | undefined;
  const host = typeof service?.target === "string" ? service.target.replace(/\.$/, "") : null;
  const addresses = ["A", "AAAA"].flatMap((type) =>
    records.filter((one) => one.type === type && sameName(one.name, host) && typeof one.data === "string").map((one) => one.data as string),
  );
  const text = (key: string): string | null => texts.find(([name]) => name === key)?.[1] ?? null;
  return { serial: text("serialnum"), firmware: text("protovers"), host, addresses: [...new Set(addresses)] };
}

const sameName = (name: string, host: string | null): boolean =>
  host !== null && name.replace(/\.$/, "").toLowerCase() === host.toLowerCase();

function pairs(data: unknown): readonly (readonly [string, string])[] {
  const parts = Array.isArray(data) ? data : [data];
  return parts.map((part) => {
    const [key = "", ...value] = String(part).split("=");
    return [key.toLowerCase(), value.join("=")] as const;
  });
}

/** A line each, for people. */
export function foundText(found: readonly FoundGateway[]): string {
  if (found.length === 0) return "No gateway answered. Is it on the same network? In a container, give its address as host.";
  return found
    .map(({ serial, firmware, host, addresses }) =>
      `${serial ?? "unknown serial"}  firmware ${firmware ?? "unknown"}  ${host ?? ""}  ${addresses.join(" ")}`.trimEnd(),
    )
    .join("\n");
}
