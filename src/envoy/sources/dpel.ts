import { limitSource } from "./site-limit.ts";

/** Dynamic power export limit; `dynamic_pel_settings_limit_value_W` in W. While it is off only `dynamic_pel_settings_enable` is certain. */
export const dpelSource = limitSource("dpel", "/ivp/ss/dpel", "dpel");
