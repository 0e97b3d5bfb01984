import type { DiscoveryRules } from "./mqtt-types.ts";

const MOST_COLLECTED = 10_000;

/** What the broker already has below our discovery filter. */
export class RetainedDiscovery {
  readonly #rules: DiscoveryRules;
  readonly #found: Map<string, string> = new Map();
  #collecting = true;

  constructor(rules: DiscoveryRules) {
    this.#rules = rules;
  }

  /** Own retained configs found at the first connect: topic to payload. */
  get found(): ReadonlyMap<string, string> {
    return this.#found;
  }

  get collecting(): boolean {
    return this.#collecting;
  }

  finish(): void {
    this.#collecting = false;
  }

  /** It was removed by us. */
  remove(topic: string): void {
    this.#found.delete(topic);
  }

  receive(topic: string, payload: string, retain: boolean): void {
    if (payload === "") this.#found.delete(topic);
    else if (this.#collecting && retain && this.#found.size < MOST_COLLECTED && this.#rules.isOwn(payload)) this.#found.set(topic, payload);
  }
}
