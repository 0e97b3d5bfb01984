import fc from "fast-check";
import { describe, test } from "vitest";
import { SOURCES } from "../../src/envoy/sources.ts";
import { NO_CAPABILITIES } from "../../src/model/capabilities.ts";
import { BridgeError } from "../../src/model/errors.ts";
import { askStatic, recordedInfo } from "./read-gateway.ts";
import { recordedGateways } from "./recordings-folder.ts";

describe("whatever a gateway answers", () => {
  const gateways = recordedGateways();
  /** Drops or replaces some values of a document, anywhere in it. */
  const spoiled = (document: unknown, picks: readonly number[], replacement: unknown): unknown => {
    let at = 0;
    const walk = (value: unknown): unknown => {
      at += 1;
      if (picks.includes(at)) return replacement;
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
    };
    return walk(document);
  };
  const replacements = fc.oneof(
    fc.constant(undefined),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(Number.POSITIVE_INFINITY, 1e300, -1, "", []),
  );

  test.skipIf(gateways.length === 0)("F-23: a spoiled answer gives values or a BridgeError, never anything else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...gateways),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        replacements,
        async ({ answers }, picks, replacement) => {
          const ask = askStatic(answers);
          const gateway = recordedInfo(answers);
          const get = async (path: string) => spoiled(await ask(path, new AbortController().signal), picks, replacement);
          let capabilities = NO_CAPABILITIES;
          for (const source of SOURCES) capabilities = { ...capabilities, ...(await source.probe({ gateway, get, found: capabilities })) };
          for (const source of SOURCES.filter((one) => one.wanted(capabilities))) {
            await source.read({ gateway, capabilities, get, now: 0, drift: () => {} }).catch((error: unknown) => {
              if (!(error instanceof BridgeError)) throw error;
            });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
