/** One line for people: `2026-11-25 10:11:12 INFO  message  key=value …`. Times UTC. */
export function asText({ level, time, msg, ...fields }: Record<string, unknown>): string {
  const when = String(time).slice(0, 19).replace("T", " ");
  const rest = Object.entries(fields).map(([key, value]) => `${oneLine(key)}=${shown(value)}`);
  return [when, String(level).toUpperCase().padEnd(5), oneLine(String(msg ?? "")), ...rest].join(" ");
}

function shown(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(isError(value) ? briefly(value) : value);
}

interface Described {
  readonly message: string;
  readonly stack?: string;
  readonly cause?: unknown;
}

function isError(value: unknown): value is Described {
  return typeof value === "object" && value !== null && "message" in value && "type" in value;
}

/** The message, those of its causes, and where it came from. */
function briefly({ message, stack, cause }: Described): string {
  const why = isError(cause) ? `: ${briefly(cause)}` : "";
  const frame = /\n\s+at (.*)/.exec(stack ?? "")?.[1];
  return `${message}${frame === undefined ? "" : ` (at ${frame})`}${why}`;
}

/** Control characters (line ends, terminal escapes) as JSON writes them. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1).replace("\x7f", "\\u007f"));
}
