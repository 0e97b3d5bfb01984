import { join } from "node:path";
import { codeOf, type Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";
import type { Device, View } from "./model/view.ts";

/** A device that a gateway stopped reporting so long ago is removed: gateways give short lists for a while after a restart. */
export const VANISHED_AFTER_MS = 7 * 24 * 3_600_000;

/** One device and the state topics that are its own, as paths below `<base>/<serial>/`. */
interface Known {
  readonly seenAt: number;
  readonly paths: readonly string[];
}

/** The devices that were announced of one gateway, also by earlier starts. */
export interface KnownDevices {
  /** Takes note of who is there at `now` (epoch ms), and gives the devices that have been away for too long; they are known no more. */
  look(view: View, now: number): readonly { readonly id: string; readonly paths: readonly string[] }[];
  /** Every device, and every path that a device has of its own. */
  all(): ReadonlyMap<string, readonly string[]>;
  forget(id: string): void;
  save(): Promise<void>;
}

export async function openKnownDevices(directory: string, serial: string, files: Files, logger: Logger): Promise<KnownDevices> {
  const file = join(directory, `devices-${serial}.json`);
  const devices = new Map<string, Known>(await load(file, files, logger));
  /** Its state topics, for each device that was looked at; the same device has the same ones. */
  const topics = new WeakMap<Device, readonly string[]>();
  let dirty = false;
  let complained = false;

  function pathsOf(device: Device): readonly string[] {
    const paths = topics.get(device) ?? [
      ...new Set(device.entities.filter(({ platform }) => platform !== "event").map(({ topic }) => topic)),
    ];
    topics.set(device, paths);
    return paths;
  }

  return {
    look(view, now) {
      for (const device of view.devices) {
        const known = devices.get(device.id);
        const paths = pathsOf(device);
        // Once an hour is enough: what matters is a week.
        if (
          known === undefined ||
          Math.abs(now - known.seenAt) > 3_600_000 ||
          (known.paths !== paths && known.paths.join() !== paths.join())
        ) {
          devices.set(device.id, { seenAt: now, paths });
          dirty = true;
        }
      }
      const present = new Set(view.devices.map(({ id }) => id));
      const gone = [...devices].filter(([id, { seenAt }]) => !present.has(id) && now - seenAt > VANISHED_AFTER_MS);
      for (const [id] of gone) devices.delete(id);
      dirty ||= gone.length > 0;
      return gone.map(([id, { paths }]) => ({ id, paths }));
    },
    all: () => new Map([...devices].map(([id, { paths }]) => [id, paths])),
    forget(id) {
      dirty = devices.delete(id) || dirty;
    },
    async save() {
      if (!dirty) return;
      dirty = false;
      try {
        await files.write(file, `${JSON.stringify({ devices: Object.fromEntries(devices) })}\n`);
        complained = false;
      } catch (error) {
        dirty = true;
        if (!complained) logger.warn({ file }, `${file} cannot be written (${codeOf(error)}): make the state folder writable`);
        complained = true;
      }
    },
  };
}

async function load(file: string, files: Files, logger: Logger): Promise<[string, Known][]> {
  try {
    const kept = JSON.parse((await files.read(file)) ?? "{}") as { devices?: Record<string, Partial<Known>> } | null;
    return Object.entries(kept?.devices ?? {}).flatMap(([id, { seenAt, paths }]): [string, Known][] =>
      typeof seenAt === "number" && Array.isArray(paths) ? [[id, { seenAt, paths: paths.filter((path) => typeof path === "string") }]] : [],
    );
  } catch (error) {
    logger.warn({ file }, `${file} cannot be read (${codeOf(error)}): devices that vanished while the bridge was away are not noticed`);
    return [];
  }
}
