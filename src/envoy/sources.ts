import type { Source } from "./source.ts";

/**
 * Everything that is read from a gateway, in the order in which it is probed: each sees what those before it found. A new endpoint is a
 * file in `sources/` and a line here.
 */
export const SOURCES: readonly Source[] = [];
