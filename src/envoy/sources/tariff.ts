import { BridgeError } from "../../model/errors.ts";
import type { StorageSettings, Tariff } from "../../model/snapshot.ts";
import { getObject, isUsable, json } from "../answers.ts";
import { type Drift, type Fields, fields, isObject, type JsonObject } from "../decode.ts";
import { softly } from "../softly.ts";
import type { Source } from "../source.ts";

export const TARIFF_PATH = "/admin/lib/tariff";
const STORAGE_MODES = ["backup", "self-consumption", "economy", "savings-mode"] as const;

/** The tariff and how the batteries are used. `storage_settings` exists on gateways without batteries too. */
export const tariffSource: Source = {
  name: "tariff",
  interval: "inventory",
  groups: ["tariff"],
  core: false,
  async probe({ get }) {
    const answer = await softly(get, TARIFF_PATH);
    return isUsable(answer) && isObject(answer["tariff"]) ? { tariff: true } : {};
  },
  wanted: (capabilities) => capabilities.tariff,
  async read({ get, drift }) {
    return { groups: { tariff: parseTariff(await getObject(get, TARIFF_PATH), drift) } };
  },
};

/** Throws `implausible` where `document` holds no tariff. */
export function parseTariff(document: JsonObject, drift: Drift): Tariff {
  const content = document["tariff"];
  if (!isObject(content)) throw new BridgeError("implausible", `${TARIFF_PATH} answered without a tariff`);
  const tariff = fields(content, "tariff", drift);
  const storage = tariff.optional.object("storage_settings");
  const currency = tariff.object("currency");
  return {
    currency: currency === null ? null : fields(currency, "tariff currency", drift).text("code"),
    date: tariff.optional.text("date"),
    logger: tariff.optional.text("logger"),
    singleRate: json(content["single_rate"]),
    seasons: json(content["seasons"]),
    seasonsSell: json(content["seasons_sell"]),
    storage: storage === null || Object.keys(storage).length === 0 ? null : storageSettings(fields(storage, "storage settings", drift)),
    document: json(document),
  };
}

/** `savings-mode` is what older firmware calls `economy`. */
function storageSettings(storage: Fields): StorageSettings {
  const mode = storage.optional.oneOf("mode", STORAGE_MODES);
  return {
    mode: mode === "savings-mode" ? "economy" : mode,
    operationModeSubType: storage.text("operation_mode_sub_type"),
    reservedSoc: storage.number("reserved_soc"),
    veryLowSoc: storage.number("very_low_soc"),
    chargeFromGrid: storage.boolean("charge_from_grid"),
    date: storage.text("date"),
    optSchedules: storage.optional.boolean("opt_schedules"),
  };
}
