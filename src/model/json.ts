/** A value as JSON can hold it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a flat payload holds under one key; unknown is `null`. */
export type JsonScalar = null | boolean | number | string;
