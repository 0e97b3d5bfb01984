import type { AnnouncedEntity } from "./announced.ts";
import { published, shows, unitOf } from "./announced.ts";
import type { Home, HomeDevice, HomeEntity, HomeState } from "./home.ts";
import { enable, eventually } from "./house.ts";
import {
  allowedToLack,
  differences,
  hasNoValue,
  implausible,
  missingDevices,
  type NativeGateway,
  type Shown,
  withoutDomain,
} from "./native.ts";

/** What a recorded gateway's own integration shows. */
export interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly native: NativeGateway;
}

/** What the comparison of one house found. */
export interface Findings {
  readonly announced: number;
  readonly wrong: string[];
  readonly notYet: string[];
  /** The reason of each allowed difference. */
  readonly allowed: string[];
  compared: number;
  equal: number;
}

/** An announced entity in the registry. */
export interface Registered {
  readonly announced: AnnouncedEntity;
  readonly entity: HomeEntity;
  /** Enabled when it was first seen. */
  readonly enabled: boolean;
}

/** Waits until all of them are registered, enables those that are disabled by default, and waits until they are up. */
export async function register(home: Home, wanted: readonly AnnouncedEntity[]): Promise<readonly Registered[]> {
  const known = await eventually("every announced entity is in the registry", async () => {
    const entities = new Map((await home.entities()).map((entity) => [`${entity.platform} ${entity.unique_id}`, entity]));
    const found = wanted.map((announced) => ({ announced, entity: entities.get(`mqtt ${announced.uniqueId}`) }));
    return found.every(({ entity }) => entity !== undefined) && found;
  });
  const registered = known.map(({ announced, entity }) => {
    if (entity === undefined) throw new Error(`${announced.uniqueId} is not there`);
    return { announced, entity, enabled: entity.disabled_by === null };
  });
  const disabled = registered.filter(({ enabled }) => !enabled).map(({ entity }) => entity.entity_id);
  if (disabled.length > 0) await enable(home, disabled);
  // An entity that is enabled has a state half a minute later, and is unavailable until its retained messages have come. What stays so is told by name.
  const ids = new Set(registered.map(({ entity }) => entity.entity_id));
  const isUp = ({ entity_id, state }: HomeState) => ids.has(entity_id) && state !== "unavailable";
  await eventually("every entity is up", async () => (await home.states()).filter(isUp).length === ids.size, 180_000).catch(() => {});
  return registered;
}

/** Holds what Home Assistant shows now against what is on the broker and against what the integration shows. */
export async function compare(
  home: Home,
  gateways: readonly Recorded[],
  registered: readonly Registered[],
  topics: ReadonlyMap<string, string>,
): Promise<Findings> {
  const devices = await home.devices();
  const states = new Map((await home.states()).map((state) => [state.entity_id, state]));
  const shown = registered.flatMap((one): Shown[] => {
    const device = devices.find(({ id }) => id === one.entity.device_id);
    const state = states.get(one.entity.entity_id);
    return device === undefined || state === undefined ? [] : [{ ...one, state, device }];
  });
  const findings: Findings = { announced: registered.length, wrong: [], notYet: [], allowed: [], compared: 0, equal: 0 };
  if (shown.length !== registered.length) findings.wrong.push(`${registered.length - shown.length} entities have no state or no device`);
  findings.wrong.push(...shown.flatMap((one) => wrongOfOurs(one, topics)));
  for (const gateway of gateways) compareGateway(gateway, shown, devices, findings);
  return findings;
}

/** What is wrong with an announced entity itself, whatever the integration has. */
function wrongOfOurs({ announced, entity, enabled, state, device }: Shown, topics: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  if (entity.entity_id !== announced.defaultEntityId) wrong.push(`is ${entity.entity_id}, not ${announced.defaultEntityId}`);
  if (enabled !== announced.enabled) wrong.push(`enabled ${enabled}, not ${announced.enabled}`);
  if (state.state === "unavailable") wrong.push("is unavailable");
  if (!device.identifiers.some((pair) => pair[1] === announced.deviceId)) wrong.push(`is not of device ${announced.deviceId}`);
  const value = published(announced, topics);
  if (!shows(state, value, announced.unit, announced.deviceClass)) {
    wrong.push(`shows ${state.state} ${unitOf(state) ?? ""}, published is ${String(value)} ${announced.unit ?? ""}`);
  }
  return wrong.map((text) => `${announced.defaultEntityId} ${text}`);
}

function compareGateway({ name, native }: Recorded, shown: readonly Shown[], devices: readonly HomeDevice[], findings: Findings): void {
  const ours = new Map(shown.map((one) => [withoutDomain(one.entity.entity_id), one]));
  const wrong = missingDevices(native.devices, devices).map((device) => `no device ${device}`);
  for (const entity of native.entities) {
    const reason = allowedToLack(entity);
    const found = ours.get(withoutDomain(entity.entity_id));
    if (reason !== null) findings.allowed.push(reason);
    else if (found === undefined && hasNoValue(entity)) findings.allowed.push("the gateway has no such value, so there is no such entity");
    else if (found === undefined) findings.notYet.push(`${name}: ${entity.entity_id}`);
    else {
      const different = differences(entity, found);
      const allowed = different.length === 1 && different[0]?.includes(" state: ") ? implausible(entity, native.entities) : null;
      findings.compared += 1;
      if (different.length === 0) findings.equal += 1;
      else if (allowed !== null) findings.allowed.push(`${allowed} (${name}: ${different[0]})`);
      else wrong.push(...different);
    }
  }
  findings.wrong.push(...wrong.map((text) => `${name}: ${text}`));
}
