import type { Source } from "./source.ts";
import { homeSource } from "./sources/home.ts";
import { invertersSource } from "./sources/inverters.ts";
import { metersSource } from "./sources/meters.ts";
import { productionSource } from "./sources/production.ts";

/**
 * Everything that is read from a gateway, in the order in which it is probed: each sees what those before it found. A new endpoint is a
 * file in `sources/` and a line here.
 */
export const SOURCES: readonly Source[] = [metersSource, productionSource, invertersSource, homeSource];
