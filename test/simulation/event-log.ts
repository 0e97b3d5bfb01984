interface Line {
  readonly at: number;
  readonly kind: string;
  readonly text: string;
}

/** What happened in a life. Lines are written only when somebody reads them. */
export interface EventLog {
  note(kind: string, text: string): void;
  lines(): readonly string[];
}

/** The end that is kept where not everything is. */
const LAST_LINES = 60;
const MOST_LINES = 20 * LAST_LINES;

/** `everything`: the whole log; else its end. */
export function createEventLog(now: () => number, everything: boolean): EventLog {
  let log: Line[] = [];
  return {
    note(kind, text) {
      if (!everything && log.length >= MOST_LINES) log = log.slice(-LAST_LINES);
      log.push({ at: now(), kind, text });
    },
    lines: () => (everything ? log : log.slice(-LAST_LINES)).map(({ at, kind, text }) => `${new Date(at).toISOString()} ${kind} ${text}`),
  };
}
