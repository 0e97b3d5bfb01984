import { BridgeError } from "../model/errors.ts";

export type Scheme = "https" | "http";

/** Where a gateway is, as it was configured. */
export interface Address {
  /** A name or an IP address, IPv6 without brackets. */
  readonly hostname: string;
  /** `null`: the scheme's own. */
  readonly port: number | null;
  /** `null`: both may be tried. */
  readonly scheme: Scheme | null;
}

/** Reads a name, an address, an IPv6 address (bare or in brackets), each with or without a port, or an `http(s)` URL. Throws `config`. */
export function parseAddress(host: string): Address {
  const text = host.trim();
  const bareIpv6 = /^[0-9a-f]*(:[0-9a-f.]*){2,}$/i.test(text);
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `any://${bareIpv6 ? `[${text}]` : text}`;
  const parsed = URL.parse(url);
  const scheme = parsed === null ? undefined : SCHEMES[parsed.protocol];
  if (parsed === null || scheme === undefined || !isPlain(parsed)) {
    throw new BridgeError("config", `host: "${withoutUserInfo(text)}" is no name, address or http(s) URL such as https://envoy.local:443`);
  }
  const hostname = parsed.hostname.replace(/^\[|\]$/g, "");
  // A URL leaves out the port that belongs to its scheme, so `https://envoy` and `https://envoy:443` are the same.
  return { hostname, port: parsed.port === "" ? null : Number(parsed.port), scheme };
}

const SCHEMES: { readonly [protocol: string]: Scheme | null } = { "https:": "https", "http:": "http", "any:": null };

function isPlain(url: URL): boolean {
  return (
    /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/i.test(url.hostname) &&
    url.username === "" &&
    url.password === "" &&
    (url.pathname === "" || url.pathname === "/") &&
    url.search === "" &&
    url.hash === ""
  );
}

function withoutUserInfo(text: string): string {
  return text.replace(/[^/]*@/, "…@");
}

/** `https://envoy.local`, without the port where it is the scheme's own. */
export function originOf(address: Address, scheme: Scheme): string {
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
  return `${scheme}://${host}${address.port === null ? "" : `:${address.port}`}`;
}

/** The schemes that may be tried there, in this order. */
export function schemesOf(address: Address): readonly Scheme[] {
  return address.scheme === null ? ["https", "http"] : [address.scheme];
}
