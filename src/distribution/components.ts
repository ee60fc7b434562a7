import type { Logger } from "pino";
import type { Blobs } from "../blobs/blobs.js";
import type { Catalog } from "../catalog/catalog.js";
import type { Encoder } from "../encoding/encoder.js";
import type { DamageRecord } from "../model/damage.js";
import type { Clock } from "../model/clock.js";
import type { PlacementPolicy } from "../model/placement-policy.js";
import type { PlacementTags } from "../model/placement-tags.js";
import type { Traced } from "../model/traced.js";
import type { Chain } from "../network/chain/chain.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";
import type { Nodes } from "../network/nodes/nodes.js";
import type { Preprocessing } from "../preprocessing/preprocessing.js";
import type { Counters } from "./counters.js";
import type { OrderNames } from "./order-name.js";
import type { Owners } from "./owners.js";

/** Distribution's collaborators. */
export interface DistributionComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly encoder: Encoder;
  readonly preprocessing: Preprocessing;
  readonly chain: Chain;
  readonly nodes: Nodes;
  readonly registry: Pick<NodeRegistry, "nodes" | "reported" | "missedReport" | "troubledSince">;
  readonly owners: Owners;
  readonly orderNames: OrderNames;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "error">;
  /** Wakes the worker of this name (Supervisor.wake). */
  readonly wake: (worker: string) => void;
  /** Chooses the storage nodes that get fragments; by default at random, weighted by idle space and quality. */
  readonly policy?: PlacementPolicy;
  /** Which storage nodes buckets choose by their tags; none by default. */
  readonly placementTags?: PlacementTags;
  /** Told of staged bytes that do not have the hashes of their file. Blobs and encoder tell of those without checksum. */
  readonly onDamage?: DamageRecord;
  /** Uniform in [0, 1), for choosing storage nodes. Math.random by default; simulations give a seeded one. */
  readonly random?: () => number;
  /** Each step of a job is a span of its own trace. */
  readonly traced?: Traced;
}

/** The components, with what distribution's own parts share. */
export interface DistributionContext extends DistributionComponents {
  readonly counters: Counters;
}
