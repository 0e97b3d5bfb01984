import { limitSource } from "./site-limit.ts";

/** Limit of production in % of what is installed: `enable`, `pv_limit_pct`. */
export const pvLimitSource = limitSource("pv-limit", "/ivp/sc/pvlimit", "pvLimit");
