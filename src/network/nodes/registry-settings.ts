import type { LoopPauses } from "../../async/loop-pauses.js";
import type { Clock } from "../../model/clock.js";
import { FRAGMENTS } from "../../model/sizes.js";
import type { Chain } from "../chain/chain.js";
import type { KeyValueStore } from "../../model/key-value-store.js";
import type { MassFailureSettings } from "./mass-failure.js";

export interface NodeRegistryComponents {
  readonly chain: Pick<Chain, "nodes">;
  readonly clock: Clock;
  readonly store?: KeyValueStore;
  /** Where other processes tell what they have learned of the same nodes, and are told. */
  readonly shared?: KeyValueStore | undefined;
  /** When this process stood still: what failed then says nothing of a node. */
  readonly pauses?: Pick<LoopPauses, "since">;
}

export interface NodeRegistrySettings {
  /** The chain's register of nodes is read again when it is older, in milliseconds: a read takes all of them. */
  readonly nodesFreshMs: number;
  /** Transfers in a row without an answer after which a node's circuit opens. */
  readonly failures: number;
  /** Missed reports in a row after which a node's circuit opens. */
  readonly missedReports: number;
  /** How long the circuit is open the first time; each failure while it is half-open doubles it. */
  readonly firstCooldownMs: number;
  readonly maxCooldownMs: number;
  /** After this long a failure counts half. Milliseconds. */
  readonly failureHalfLifeMs: number;
  /** Nodes whose records are kept; beyond them the least recently used record is forgotten. */
  readonly remembered: number;
  /** When many nodes fail within `windowMs`, none is blamed … */
  readonly mass: MassFailureSettings;
  /** … except one that has failed for so long without anything good. Milliseconds. */
  readonly enduringMs: number;
  /**
   * Cooldowns leave so many nodes for placement, as far as there are: twelve for a file, and some in case of failures.
   */
  readonly leastAvailable: number;
}

export const NODE_REGISTRY_DEFAULTS: NodeRegistrySettings = {
  nodesFreshMs: 30_000,
  failures: 3,
  missedReports: 2,
  firstCooldownMs: 10_000,
  maxCooldownMs: 600_000,
  failureHalfLifeMs: 60_000,
  remembered: 10_000,
  mass: { windowMs: 10_000, nodes: 4 },
  enduringMs: 300_000,
  leastAvailable: FRAGMENTS + 3,
};
