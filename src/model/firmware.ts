/** A gateway's firmware, without the letter that `/info` puts before it (`D8.3.1598` → `8.3.1598`). */
export interface Firmware {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

/** Reads `D8.3.1598` or `8.3.1598`; parts that are missing or are no numbers count as 0. */
export function parseFirmware(software: string): Firmware {
  const text = software.trim().replace(/^[A-Za-z]/, "");
  const [major = 0, minor = 0, build = 0] = text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return { text, major, minor, build };
}

/** True where `firmware` is `text` (such as `8.3.5433`) or newer. */
export function isAtLeast(firmware: Firmware, text: string): boolean {
  const other = parseFirmware(text);
  if (firmware.major !== other.major) return firmware.major > other.major;
  if (firmware.minor !== other.minor) return firmware.minor > other.minor;
  return firmware.build >= other.build;
}
