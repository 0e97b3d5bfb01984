/** What the log says of an error: nothing that others put into its other properties (requests, headers, bodies). */
export function describeError(error: unknown): unknown {
  return describe(error, 3);
}

function describe(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return typeof error === "object" && error !== null ? "(not an error)" : error;
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth === 0 ? {} : { cause: describe(error.cause, depth - 1) }),
  };
}
