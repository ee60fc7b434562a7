import type { Rewrite } from "./world-hooks.js";

/** A bug planted by hand, to see that the simulation finds it. */
export interface Bug {
  readonly name: string;
  readonly what: string;
  readonly rewrites: readonly Rewrite[];
}

export const bugs: readonly Bug[] = [];
