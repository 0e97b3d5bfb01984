import { createSiteCatalogue, type SitePart } from "./entities/site-view.ts";
import { availabilityMessage } from "./homeassistant/availability.ts";
import { discoveryMessages } from "./homeassistant/discovery.ts";
import { stateMessages } from "./homeassistant/state.ts";
import type { View } from "./model/view.ts";
import type { Publishing } from "./publishing.ts";

/** One gateway as its site sees it. `view` is `null` until its values are known. */
export interface SiteMember {
  readonly site: string | null;
  view(): View | null;
  online(): boolean;
}

/** The totals of gateways that share a site. */
export interface Sites {
  /** Publishes the totals of every site each of whose gateways has been read. */
  tell(): void;
  stop(): void;
  views(): readonly View[];
}

export function createSites(members: () => readonly SiteMember[], publishing: Publishing): Sites {
  const { mqtt, topics, discovery } = publishing;
  const catalogues = new Map<string, ReturnType<typeof createSiteCatalogue>>();
  const views = new Map<string, View>();
  const said = new Map<string, string>();

  function tellSite(name: string, group: readonly SiteMember[]): void {
    const parts = group.flatMap((member): SitePart[] => {
      const view = member.view();
      return view === null ? [] : [{ view, online: member.online() }];
    });
    if (parts.length < group.length) return;
    const make = catalogues.get(name) ?? createSiteCatalogue(name);
    catalogues.set(name, make);
    const before = views.get(name);
    const view = make(parts);
    views.set(name, view);
    mqtt.offer("values", stateMessages(view, topics));
    if (discovery !== null && view.devices !== before?.devices) mqtt.offer("discovery", discoveryMessages(view, { topics, ...discovery }));
    availability(view, parts.every(({ online }) => online) ? "online" : "offline");
  }

  function availability({ serial }: View, state: "online" | "offline"): void {
    if (said.get(serial) === state) return;
    said.set(serial, state);
    mqtt.offer("availability", [availabilityMessage(serial, state, topics)]);
  }

  return {
    tell() {
      const groups = Map.groupBy(members(), ({ site }) => site);
      for (const [name, group] of groups) if (name !== null && group.length > 1) tellSite(name, group);
    },
    stop() {
      for (const view of views.values()) availability(view, "offline");
    },
    views: () => [...views.values()],
  };
}
