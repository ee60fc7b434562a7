import type { CessAccount } from "../../model/account.js";
import { asNumber, field, optionalField, unwrapped } from "./codec.js";
import type { Link } from "./link.js";
import { readStorage } from "./storage.js";

/**
 * How a storage node answered when the chain last asked it to prove that it has what users store there: `passed`, `failed`,
 * `proven` (it has sent a proof, which nobody has verified yet), `unanswered` (it has sent none).
 */
export interface NodeChallenge {
  /** The block in which it was asked. */
  readonly block: number;
  readonly outcome: "passed" | "failed" | "proven" | "unanswered";
}

/**
 * The last challenge of each of these nodes, of those that the chain shows one of; undefined: this chain shows none of any
 * node. The chain tells of a node, not of a file. Rejects with ChainUnavailable.
 */
export async function readChallenges(
  link: Link,
  nodes: readonly CessAccount[],
): Promise<ReadonlyMap<CessAccount, NodeChallenge> | undefined> {
  if (link.api.query["audit"]?.["challengeSnapShot"] === undefined) return undefined;
  const found = new Map<CessAccount, NodeChallenge>();
  for (const node of nodes) {
    const info = await readStorage(link, "audit", "challengeSnapShot", [node]);
    if (info === undefined) continue;
    const block = asNumber(field(field(info, "challengeElement"), "start"));
    const proof = unwrapped(field(field(info, "proveInfo"), "serviceProve"));
    const verified = proof && optionalField(proof, "verifyResult");
    const result = verified && unwrapped(verified)?.toString();
    const outcome = !proof ? "unanswered" : result === undefined ? "proven" : result === "true" ? "passed" : "failed";
    found.set(node, { block, outcome });
  }
  return found;
}
