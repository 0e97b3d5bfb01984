import createMdns from "multicast-dns";
import { afterEach, describe, expect, test } from "vitest";
import { discover, foundText, gatewaysIn } from "../../src/cli/discover.ts";
import { systemClock } from "../../src/lib/clock.ts";

const NAME = "envoy._enphase-envoy._tcp.local";
const RECORDS = [
  { type: "PTR", name: "_enphase-envoy._tcp.local", data: NAME },
  { type: "SRV", name: NAME, data: { target: "envoy.local", port: 443 } },
  { type: "TXT", name: NAME, data: [Buffer.from("serialnum=122000000001"), Buffer.from("protovers=8.3.1598")] },
  { type: "AAAA", name: "envoy.local", data: "fe80::1" },
  { type: "A", name: "envoy.local", data: "192.168.1.20" },
  { type: "A", name: "printer.local", data: "192.168.1.9" },
];
const FOUND = { serial: "122000000001", firmware: "8.3.1598", host: "envoy.local", addresses: ["192.168.1.20", "fe80::1"] };

describe("what the answers say", () => {
  test("serial and firmware from TXT, IPv4 first", () => {
    expect(gatewaysIn([...RECORDS, ...RECORDS])).toEqual([FOUND]);
    expect(foundText([FOUND])).toBe("122000000001  firmware 8.3.1598  envoy.local  192.168.1.20 fe80::1");
  });

  test("others on the network and records that miss something", () => {
    const printer = { type: "PTR", name: "_ipp._tcp.local", data: "printer._ipp._tcp.local" };
    expect(
      gatewaysIn([printer, { type: "PTR", name: "_enphase-envoy._tcp.local", data: NAME }, { type: "TXT", name: NAME, data: "odd" }]),
    ).toEqual([{ serial: null, firmware: null, host: null, addresses: [] }]);
    expect(foundText([{ serial: null, firmware: null, host: null, addresses: [] }])).toBe("unknown serial  firmware unknown");
    expect(foundText([])).toContain("No gateway answered");
  });
});

describe("over real multicast on loopback", () => {
  const network = { port: 15_353, interface: "127.0.0.1", bind: "0.0.0.0" };
  const open: ReturnType<typeof createMdns>[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy();
  });

  test("finds a gateway and ends as soon as it is the wanted one", async () => {
    const responder = createMdns(network);
    open.push(responder);
    responder.on("query", () => responder.respond({ answers: RECORDS.slice(0, 3) as never, additionals: RECORDS.slice(3) as never }));
    await new Promise<void>((resolve) => responder.on("ready", () => resolve()));
    const began = performance.now();
    const found = await discover({
      ms: 10_000,
      clock: systemClock,
      signal: new AbortController().signal,
      network,
      until: (all) => all.some((one) => one.serial === FOUND.serial),
    });
    expect(found).toEqual([FOUND]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("ends in its time where nobody answers, and at once when told", async () => {
    const signal = new AbortController().signal;
    expect(await discover({ ms: 50, clock: systemClock, signal, network: { ...network, port: 15_354 } })).toEqual([]);
    expect(await discover({ ms: 60_000, clock: systemClock, signal: AbortSignal.abort(), network: { ...network, port: 15_354 } })).toEqual(
      [],
    );
  });
});
