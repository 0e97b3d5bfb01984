/** The part of a request that an authorization needs to know. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path with query, as it stands in the request line. */
  readonly uri: string;
}

/** The part of an answer that an authorization needs to see. */
export interface IncomingResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** How requests to a gateway are made to be accepted; given by whoever keeps the session. */
export interface Authorization {
  /** Headers for one request (Bearer and cookie, or Digest). Throws a `BridgeError` where there is no usable credential. */
  headersFor(request: OutgoingRequest): Record<string, string>;
  /** Sees each answer (cookies, digest challenges). True: send the same request once more, it will be accepted now. */
  answered(request: OutgoingRequest, response: IncomingResponse): boolean;
}

/** For requests that need no credential (`/info`). */
export const noAuthorization: Authorization = { headersFor: () => ({}), answered: () => false };
