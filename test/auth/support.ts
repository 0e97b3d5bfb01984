import type { Files } from "../../src/lib/files.ts";
import type { Logger } from "../../src/lib/logger.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import type { GatewayInfo } from "../../src/model/gateway.ts";

export const SERIAL = "122000000001";
export const DAY = 86_400_000;
export const HOUR = 3_600_000;

export function gateway(options: { serial?: string; firmware?: string } = {}): GatewayInfo {
  const firmware = parseFirmware(options.firmware ?? "8.3.1598");
  return { serial: options.serial ?? SERIAL, firmware, partNumber: "800-00555-r03", metered: true, scheme: "https" };
}

export interface TokenClaims {
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly iat?: unknown;
  readonly enphaseUser?: unknown;
}

/** An unsigned JWT: nobody here verifies signatures. Seconds, as in the claims. */
export function jwt(claims: TokenClaims): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256", kid: "test" })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** A token for the gateway that lives from `issued` for `life` ms. */
export function tokenAt(issued: number, life = 365 * DAY, serial: unknown = SERIAL, role = "owner"): string {
  return jwt({ aud: serial, iat: Math.floor(issued / 1000), exp: Math.floor((issued + life) / 1000), enphaseUser: role });
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: object;
}

export function recordingLogger(): Logger & { readonly lines: LogLine[]; texts(...levels: LogLine["level"][]): string[] } {
  const lines: LogLine[] = [];
  const at = (level: LogLine["level"]) => (fields: object, message: string) => void lines.push({ level, message, fields });
  return {
    lines,
    texts: (...levels) => lines.filter(({ level }) => levels.length === 0 || levels.includes(level)).map(({ message }) => message),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

/** A disk in memory that fails when told to: `failing` is the system's code (`ENOSPC`, `EROFS`, …). */
export function memoryFiles(): Files & { readonly contents: Map<string, string>; failing: { read?: string; write?: string } } {
  const contents = new Map<string, string>();
  const files = {
    contents,
    failing: {} as { read?: string; write?: string },
    async read(path: string) {
      fail(files.failing.read);
      return contents.get(path) ?? null;
    },
    async write(path: string, text: string) {
      fail(files.failing.write);
      contents.set(path, text);
    },
    async moveAside(path: string, suffix: string) {
      fail(files.failing.write);
      const text = contents.get(path);
      if (text === undefined) return;
      contents.set(`${path}.${suffix}`, text);
      contents.delete(path);
    },
  };
  return files;
}

function fail(code: string | undefined): void {
  if (code !== undefined) throw Object.assign(new Error(`${code}: simulated`), { code });
}
