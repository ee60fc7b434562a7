import type { LoadHook, ResolveHook } from "node:module";
import { rewriteText } from "./rewrite-text.js";

/** A change of a module's text as it is loaded; `find` must stand in it exactly once (see placesOf). */
export interface Rewrite {
  /** End of the module's URL. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Another module in the place of the one that some importers ask for. */
export interface Redirect {
  /** End of the importing module's URL. */
  readonly importer: string;
  readonly specifier: string;
  /** URL. */
  readonly to: string;
}

export interface WorldHooks {
  readonly rewrites: readonly Rewrite[];
  readonly redirects: readonly Redirect[];
}

let hooks: WorldHooks = { rewrites: [], redirects: [] };

export function initialize(data: WorldHooks): void {
  hooks = data;
}

export const resolve: ResolveHook = (specifier, context, next) => {
  const redirect = hooks.redirects.find(
    ({ importer, specifier: wanted }) => wanted === specifier && context.parentURL?.endsWith(importer),
  );
  return redirect ? { url: redirect.to, shortCircuit: true } : next(specifier, context);
};

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  const rewrites = hooks.rewrites.filter(({ file }) => url.endsWith(file));
  if (rewrites.length === 0 || loaded.source === undefined) return loaded;
  let text = Buffer.from(loaded.source as Uint8Array).toString("utf8");
  for (const rewrite of rewrites) text = rewriteText(text, rewrite);
  return { ...loaded, source: text };
};
