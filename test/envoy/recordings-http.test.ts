import { expect, test } from "vitest";
import type { Authorization } from "../../src/envoy/authorization.ts";
import { readInfo } from "../../src/envoy/info.ts";
import { startGateway } from "../../src/simulator/gateway.ts";
import { loadRecording } from "../../src/simulator/recording.ts";
import { createTokenKey, signToken } from "../../src/simulator/token.ts";
import { digestHeader } from "../simulator/support.ts";
import { CORE_COMPARISONS, leaves } from "./expected-core.ts";
import { clientOf } from "./raw-gateway.ts";
import { readGateway } from "./read-gateway.ts";
import { recordedGateways } from "./recordings-folder.ts";

const gateways = recordedGateways().filter(({ name }) => name !== "3.7.0");

/** A bearer token from firmware 7 on, digest below. */
function credentials(serial: string, firmwareMajor: number): Authorization {
  if (firmwareMajor >= 7) {
    const now = Math.floor(Date.now() / 1000);
    const token = signToken({ aud: serial, iss: "Entrez", enphaseUser: "owner", iat: now, exp: now + 3600 }, createTokenKey());
    return { headersFor: () => ({ authorization: `Bearer ${token}` }), answered: () => false };
  }
  let challenge: string | null = null;
  let count = 0;
  return {
    headersFor: ({ method, uri }) => {
      if (challenge === null) return {};
      count += 1;
      return { authorization: digestHeader(challenge, { method, uri, user: "envoy", password: serial.slice(-6), count }) };
    },
    answered(_, { status, headers }) {
      if (status !== 401 || challenge !== null) return false;
      challenge = String(headers["www-authenticate"]);
      return true;
    },
  };
}

test.skipIf(gateways.length === 0).each(gateways)("$name is read over its own HTTP(S) as from its file", async (gateway) => {
  const simulated = await startGateway({ content: await loadRecording(gateway.file) });
  const authorization = credentials(simulated.serial, simulated.firmware.major);
  const client = clientOf(simulated.host, { authorization });
  try {
    const stop = new AbortController();
    const info = await readInfo(client, stop.signal);
    const { first, steady } = await readGateway(info, (path, signal) => client.get(path, { signal }));
    for (const { snapshot } of [first, steady]) {
      for (const [group, { ours, theirs }] of Object.entries(CORE_COMPARISONS)) {
        expect(Object.fromEntries(leaves(ours(snapshot), group)), group).toEqual(Object.fromEntries(leaves(theirs(gateway), group)));
      }
    }
    expect(simulated.mostInFlight).toBe(1);
  } finally {
    await client.close();
    await simulated.close();
  }
});
