import type { DryContact, DryContactAction, DryContactSettings } from "../../model/snapshot.ts";
import { getObject, tolerantly } from "../answers.ts";
import { type Drift, type Fields, fields, isObject, type JsonObject, objects } from "../decode.ts";
import type { Source } from "../source.ts";

const SETTINGS_PATH = "/ivp/ss/dry_contact_settings";
const ACTIONS: readonly DryContactAction[] = ["apply", "shed", "schedule", "none"];

const NONE: ReadonlyMap<string, Fields> = new Map();

/** Relays of the System Controller: state and settings, joined by id. Of an id that is listed twice the last one counts. */
export const dryContactsSource: Source = {
  name: "dry-contacts",
  interval: "production",
  groups: ["dryContacts"],
  core: false,
  probe: async () => ({}),
  wanted: ({ enpower }) => enpower,
  async read({ get, drift }) {
    const states = byId(await getObject(get, "/ivp/ensemble/dry_contacts"), "dry contact", drift);
    const answer = await tolerantly(get, SETTINGS_PATH, drift);
    const settings = isObject(answer) ? byId(answer, "dry contact settings", drift) : NONE;
    const dryContacts = new Map<string, DryContact>();
    for (const id of new Set([...states.keys(), ...settings.keys()])) {
      const found = settings.get(id);
      dryContacts.set(id, {
        id,
        status: states.get(id)?.oneOf("status", ["open", "closed"]) ?? null,
        settings: found === undefined ? null : parseSettings(found),
      });
    }
    return { groups: { dryContacts } };
  },
};

function byId(answer: JsonObject, where: string, drift: Drift): ReadonlyMap<string, Fields> {
  const found = new Map<string, Fields>();
  for (const entry of objects(answer["dry_contacts"], `${where} list`, drift)) {
    const contact = fields(entry, where, drift);
    const id = contact.id("id");
    if (id !== null) found.set(id, contact);
  }
  return found;
}

function parseSettings(contact: Fields): DryContactSettings {
  return {
    blackStart: contact.number("black_s_start"),
    essentialStart: contact.number("essential_start_time"),
    essentialEnd: contact.number("essential_end_time"),
    generatorAction: contact.oneOf("gen_action", ACTIONS),
    gridAction: contact.oneOf("grid_action", ACTIONS),
    microGridAction: contact.oneOf("micro_grid_action", ACTIONS),
    loadName: contact.text("load_name"),
    manualOverride: contact.optional.boolean("manual_override"),
    mode: contact.oneOf("mode", ["manual", "soc"]),
    override: contact.boolean("override"),
    priority: contact.number("priority"),
    pvSerials: contact.texts("pv_serial_nb"),
    socHigh: contact.number("soc_high"),
    socLow: contact.number("soc_low"),
    type: contact.oneOf("type", ["NONE", "PV", "LOAD", "3RD-PV"]),
  };
}
