import { limitSource } from "./site-limit.ts";

/** Power export limit: `{"PEL": false}` or with the kind of limit, `PEL_Limit` (in % where `percent` is true) and response times. */
export const pelSettingsSource = limitSource("pel-settings", "/ivp/ss/pel_settings", "pelSettings");
