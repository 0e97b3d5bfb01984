import { isIP } from "node:net";

/** What a setting may hold: how it is read from text (environment, arguments), and what is right. */
export interface Form {
  /** From text; gives back the text itself where it is not of this form, for `check` to say so. */
  parse(text: string): unknown;
  /** What is wrong with `value`, to stand behind its name; `null` if nothing is. */
  check(value: unknown): string | null;
}

const asIs = (text: string): string => text;

/** Text in one line, not empty. */
export const text: Form = {
  parse: asIs,
  check(value) {
    if (typeof value === "number" || typeof value === "boolean") return "must be text: put it in quotes";
    if (typeof value !== "string") return "must be text";
    if (value.trim() === "") return "is empty";
    return /\p{Cc}/u.test(value) ? "must be one line of text" : null;
  },
};

/** Text that also fits `pattern`; `says` describes it. */
export function textLike(pattern: RegExp, says: string): Form {
  return { parse: asIs, check: (value) => text.check(value) ?? (pattern.test(value as string) ? null : says) };
}

export const serial: Form = {
  parse: asIs,
  check: (value) => (/^\d{6,20}$/.test(String(value)) ? null : "must be the serial number on the gateway's label: digits only"),
};

/** One of a few words; YAML's numbers and booleans count as what they look like. */
export function choice(options: readonly string[]): Form {
  const says = `must be ${options.slice(0, -1).join(", ")} or ${options.at(-1)}`;
  return {
    parse: asIs,
    check: (value) => (options.includes(value === false ? "off" : String(value)) ? null : says),
  };
}

export function whole(least: number, most: number): Form {
  return number(least, most, Number.isSafeInteger, "a whole number");
}

export function seconds(least: number, most: number): Form {
  return number(least, most, Number.isFinite, "seconds");
}

function number(least: number, most: number, right: (value: number) => boolean, what: string): Form {
  return {
    parse: (given) => (/^\d+(\.\d+)?$/.test(given.trim()) ? Number(given) : given),
    check: (value) =>
      typeof value === "number" && right(value) && value >= least && value <= most ? null : `must be ${what} from ${least} to ${most}`,
  };
}

const YES = ["true", "yes", "on", "1"];
const NO = ["false", "no", "off", "0"];

export const yesNo: Form = {
  parse(given) {
    const word = given.trim().toLowerCase();
    if (YES.includes(word)) return true;
    return NO.includes(word) ? false : given;
  },
  check: (value) => (typeof value === "boolean" ? null : "must be true or false"),
};

/** A list of words; as text separated by commas. */
export function words(pattern: RegExp, says: string): Form {
  return {
    parse: (given) =>
      given
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word !== ""),
    check(value) {
      if (!Array.isArray(value)) return "must be a list";
      const wrong = value.find((word) => typeof word !== "string" || !pattern.test(word));
      return wrong === undefined ? null : `holds ${JSON.stringify(wrong)}: each must be ${says}`;
    },
  };
}

/** A URL of one of `schemes` that has a host. The text itself is never repeated: it may hold a password. */
export function url(schemes: readonly string[]): Form {
  return {
    parse: asIs,
    check(value) {
      const wrong = text.check(value);
      if (wrong !== null) return wrong;
      const given = URL.parse(value as string);
      if (given === null) return `must be a URL such as ${schemes[0]}://name`;
      if (!schemes.includes(given.protocol.slice(0, -1))) return `must begin with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
      return given.hostname === "" ? "names no host" : null;
    },
  };
}

/** The cloud: over TLS; without it only on this machine, for tests and the demo. */
export const cloudUrl: Form = {
  parse: asIs,
  check(value) {
    const wrong = url(["https", "http"]).check(value);
    if (wrong !== null) return wrong;
    const given = new URL(value as string);
    if (given.username !== "" || given.password !== "") return "must not hold a user or password";
    return given.protocol === "https:" || isLoopback(given.hostname) ? null : "must begin with https://";
  },
};

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?$/;

/** Name, address, either with a port, or a URL of nothing more. */
export const gatewayHost: Form = {
  parse: asIs,
  check(value) {
    const says = "must be the gateway's name, its address, or a URL such as https://192.168.1.20:443";
    const wrong = text.check(value);
    if (wrong !== null) return wrong;
    const given = value as string;
    if (isIP(given) !== 0) return null;
    const parsed = URL.parse(given.includes("://") ? given : `https://${given}`);
    if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) return says;
    if (parsed.username !== "" || parsed.password !== "") return `${says}, without user and password`;
    if (parsed.pathname !== "/" || parsed.search !== "" || parsed.hash !== "") return `${says}, without a path`;
    return NAME.test(parsed.hostname) || parsed.hostname.startsWith("[") ? null : says;
  },
};

/** `address:port`, or `off`. */
export const listen: Form = {
  parse: asIs,
  check(value) {
    if (value === "off" || value === false) return null;
    return typeof value === "string" && parseListen(value) !== null ? null : "must be address:port such as 127.0.0.1:8097, or off";
  },
};

/** Reads `address:port` with `[…]` around an IPv6 address; `null` if it is none. */
export function parseListen(given: string): { readonly host: string; readonly port: number } | null {
  const [, address, name, port] = /^(?:\[([0-9a-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/i.exec(given.trim()) ?? [];
  const host = address ?? name;
  if (host === undefined || (address !== undefined && isIP(address) !== 6) || Number(port) > 65_535) return null;
  return { host, port: Number(port) };
}

/** A topic, or the beginning of topics. */
export const topic: Form = textLike(
  /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/,
  "must be a plain topic: letters, digits, _ . - and / between levels",
);

export const timeZone: Form = {
  parse: asIs,
  check(value) {
    const wrong = text.check(value);
    if (wrong !== null) return wrong;
    try {
      new Intl.DateTimeFormat("en", { timeZone: value as string });
      return null;
    } catch {
      return "must be the name of a time zone such as Europe/Amsterdam";
    }
  },
};

/** True for `localhost` and the addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
