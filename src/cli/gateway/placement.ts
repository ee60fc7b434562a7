import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../../config/config.js";
import { ConfigError } from "../../config/config-error.js";
import type { PlacementPolicy } from "../../model/placement-policy.js";
import { PlacementTags } from "../../model/placement-tags.js";
import { rulesPolicy } from "../../model/placement-rules.js";
import { parseAccount } from "../../network/chain/address.js";

/** The placement policy that the configuration asks for. Rejects with ConfigError when its module is no policy. */
export async function placementPolicy(
  placement: Omit<Config["placement"], "tags" | "regions">,
): Promise<PlacementPolicy> {
  const { module, prefer, require, avoid, perNetwork, perOperator } = placement;
  if (module !== undefined) return loadPolicy(module);
  return rulesPolicy({
    ...(prefer && { prefer: accounts(prefer, "prefer") }),
    ...(require && { require: accounts(require, "require") }),
    ...(avoid && { avoid: accounts(avoid, "avoid") }),
    ...(perNetwork !== undefined && { perNetwork }),
    ...(perOperator !== undefined && { perOperator }),
  });
}

/** What buckets' tags may say about storage nodes. Throws ConfigError. */
export function placementTags({ tags, regions, require, avoid }: Config["placement"]): PlacementTags {
  return new PlacementTags({
    allowed: tags,
    regions: new Map(
      regions.map(({ name, networks = [], nodes = [] }, index) => [
        name,
        { networks: new Set(networks), nodes: accounts(nodes, `regions[${index}].nodes`) },
      ]),
    ),
    ...(require && { require: accounts(require, "require") }),
    ...(avoid && { avoid: accounts(avoid, "avoid") }),
    parseAccount,
  });
}

async function loadPolicy(path: string): Promise<PlacementPolicy> {
  let loaded: { readonly policy?: Partial<PlacementPolicy> };
  try {
    loaded = (await import(pathToFileURL(resolve(path)).href)) as typeof loaded;
  } catch (cause) {
    // Node.js adds which file of this program asked for it.
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(/ imported from .*$/s, "");
    throw new ConfigError(`placement.module ${path} cannot be loaded: ${why}`, { cause, key: "placement.module" });
  }
  const { policy } = loaded;
  if (typeof policy?.name !== "string" || typeof policy.choose !== "function") {
    throw new ConfigError(`placement.module ${path} must export \`policy\` with a name and a function choose`, {
      key: "placement.module",
    });
  }
  return policy as PlacementPolicy;
}

/** Addresses in CESS's own form, as the chain lists its nodes: one key has an address for each SS58 prefix. */
function accounts(addresses: readonly string[], rule: string): Set<string> {
  try {
    return new Set(addresses.map((address) => parseAccount(address)));
  } catch (cause) {
    throw new ConfigError(`placement.${rule}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      key: `placement.${rule}`,
    });
  }
}
