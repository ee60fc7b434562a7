import type { World } from "./run-settings.js";
import type { Rewrite } from "./world-hooks.js";

/** A bug planted by hand, to see that the simulation finds it. */
export interface Bug {
  readonly name: string;
  /** What the gateway does with it, as a sentence. */
  readonly what: string;
  readonly rewrites: readonly Rewrite[];
  /** The kind of world that finds it; else the one of a single gateway. */
  readonly world?: World;
}

export const bug = (name: string, what: string, file: string, find: string, replace: string): Bug => ({
  name,
  what,
  rewrites: [{ file: `/src/${file}.js`, find, replace }],
});
