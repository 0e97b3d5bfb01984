import { expect, test } from "vitest";
import { homeSource } from "../../../src/envoy/sources/home.ts";
import { readOf } from "./source-bench.ts";

test("home: of an unknown interface and of no network nothing is known; a gateway without it is no failure", async () => {
  const odd = { network: { primary_interface: "eth9", interfaces: [{ interface: "eth0" }] }, timezone: "Europe/Berlin" };
  expect((await readOf(homeSource, { "/home": odd }, {})).groups.home).toMatchObject({
    primaryInterface: "eth9",
    mac: null,
    timezone: "Europe/Berlin",
  });
  expect((await readOf(homeSource, { "/home": {} }, {})).groups.home?.primaryInterface).toBeNull();
  expect((await readOf(homeSource, {}, {})).groups).toEqual({});
});
