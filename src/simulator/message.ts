/** A request as a simulated server sees it, without its socket. Header names are lower-case. */
export interface SimulatedRequest {
  readonly scheme: "https" | "http";
  readonly method: string;
  /** Path with query, as it stands in the request line. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** How a reply travels; everything but `whole` is a fault. */
export type Delivery =
  | { readonly how: "whole" }
  /** Never a byte; the connection stays open. */
  | { readonly how: "hang" }
  /** Headers, then silence. */
  | { readonly how: "stall" }
  /** The connection is cut before the first byte. */
  | { readonly how: "reset" }
  /** One byte of the body every so many ms. */
  | { readonly how: "drip"; readonly everyMs: number }
  /** The promised length, but cut off after so many bytes (half of the body where not given). */
  | { readonly how: "truncate"; readonly after: number | null }
  /** A body that never ends, as fast as the reader takes it. */
  | { readonly how: "endless" }
  /** `Content-Length` and `Transfer-Encoding` in one reply (firmware 5.0.62). */
  | { readonly how: "two-lengths" };

/** A reply as data; whoever drives the core carries it out. */
export interface SimulatedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Milliseconds before the first byte. */
  readonly delayMs: number;
  readonly delivery: Delivery;
}

/** A reply that travels whole and at once. */
export function reply(
  status: number,
  body: string | Uint8Array,
  contentType = "application/json",
  headers: Readonly<Record<string, string>> = {},
): SimulatedReply {
  return { status, headers: { "content-type": contentType, ...headers }, body, delayMs: 0, delivery: { how: "whole" } };
}

/** The value of one cookie in a `Cookie` header, `null` where it is not there. */
export function cookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return value.join("=");
  }
  return null;
}
