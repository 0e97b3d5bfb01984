import { expect, test } from "vitest";
import { createCatalogue } from "../../src/entities/catalogue.ts";
import { hasRecordings, recordedFacts, recordedNames } from "./recorded.ts";

const title = hasRecordings ? "recorded gateways" : "no recorded gateways: they are missing";

test(`${title}: every announced key is in its topic's payload, ids are unique and stay the same`, async () => {
  let keys = 0;
  for (const name of hasRecordings ? recordedNames("recordings") : []) {
    const facts = await recordedFacts(name);
    if (facts === null) continue;
    const make = createCatalogue();
    const view = make(facts);
    const payloads = new Map(view.states.map(({ path, payload }) => [path, payload]));
    const entities = view.devices.flatMap((device) => device.entities);
    for (const { topic, key } of entities) {
      if (topic === "lifecycle" || topic === "event") continue;
      expect(Object.hasOwn(payloads.get(topic) ?? {}, key), `${name} ${topic} ${key}`).toBe(true);
      keys++;
    }
    expect(new Set(entities.map(({ defaultEntityId }) => defaultEntityId)).size, name).toBe(entities.length);
    expect(new Set(entities.map(({ uniqueId, platform }) => `${platform} ${uniqueId}`)).size, name).toBe(entities.length);
    expect(
      view.states.map(({ path }) => path).filter((path) => !/^[a-z0-9_-]+(\/[a-z0-9_-]+)?$/.test(path)),
      name,
    ).toEqual([]);
    expect(make({ ...facts, now: facts.now + 1000 }).devices, name).toBe(view.devices);
  }
  console.log(`announced keys of recorded gateways: ${keys}`);
  expect(keys).toBeGreaterThanOrEqual(hasRecordings ? 4000 : 0);
});
