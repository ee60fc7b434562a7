/** Names with their values, such as tags. */
export type Pairs = readonly (readonly [string, string])[];
