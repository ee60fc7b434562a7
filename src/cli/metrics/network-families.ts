import type { Registry } from "prom-client";
import type { ChainStatus } from "../gateway/chain-status.js";
import type { Services } from "../gateway/services.js";
import { counter, gauge, labelledCounter, labelledGauge, sampledCounter, sampledGauge } from "./families.js";

/** The chain, the account that pays fees, and territories. Nothing here waits for the chain. */
export function chainFamilies(registry: Registry, { chain }: Pick<Services, "chain">, status: ChainStatus): void {
  gauge(registry, "cess_s3_chain_connected", "1 while a chain node answers", () => Number(chain.connected));
  gauge(registry, "cess_s3_chain_finalized_height", "Number of the last final block", () => status.height);
  gauge(registry, "cess_s3_chain_lag_seconds", "Time since a final block was last seen", () => status.blockAge);
  counter(
    registry,
    "cess_s3_chain_connections_total",
    "Connections to the chain that were opened; all but the first are reconnects",
    () => status.counts.links,
  );
  counter(
    registry,
    "cess_s3_chain_failovers_total",
    "Connections that were opened to another endpoint than the one before",
    () => status.counts.failovers,
  );
  sampledCounter(
    registry,
    "cess_s3_chain_calls_total",
    "Calls submitted to the chain that ended, alone or with others in one extrinsic, by result",
    ["call", "result"],
    () => chain.calls.all().map(({ call, result, count }) => ({ labels: { call, result }, value: count })),
  );
  gauge(
    registry,
    "cess_s3_chain_fee_balance_tokens",
    "Tokens that the signing account has for fees",
    () => status.balance,
  );
  territoryFamilies(registry, status);
}

function territoryFamilies(registry: Registry, status: ChainStatus): void {
  const byTerritory = (value: (of: ChainStatus["territories"][number]) => number) => () =>
    status.territories.map((of) => ({ labels: { account: of.account, territory: of.name }, value: value(of) }));
  const labels = ["account", "territory"];
  const family = (name: string, help: string, value: (of: ChainStatus["territories"][number]) => number) =>
    sampledGauge(registry, name, help, labels, byTerritory(value));
  family("cess_s3_territory_size_bytes", "Size of the territory", ({ total }) => Number(total));
  family("cess_s3_territory_used_bytes", "Bytes of the territory that files are charged for", ({ used }) =>
    Number(used),
  );
  family("cess_s3_territory_locked_bytes", "Bytes of the territory that pending deals hold", ({ locked }) =>
    Number(locked),
  );
  family("cess_s3_territory_free_bytes", "Bytes of the territory that are left for files", ({ remaining }) =>
    Number(remaining),
  );
  family(
    "cess_s3_territory_expires_timestamp_seconds",
    "When the territory freezes, seconds since 1970",
    ({ endsAt }) => endsAt / 1000,
  );
  family("cess_s3_territory_remaining_seconds", "Time until the territory freezes", ({ secondsLeft }) => secondsLeft);
  family("cess_s3_territory_active", "1 while the territory takes files", ({ state }) => Number(state === "active"));
}

/** Storage nodes. */
export function nodeFamilies(registry: Registry, services: Pick<Services, "registry">): void {
  const of = () => services.registry.metrics();
  labelledGauge(
    registry,
    "cess_s3_nodes",
    "Registered storage nodes by their state on chain",
    () => of().states,
    "state",
  );
  labelledGauge(
    registry,
    "cess_s3_node_circuits",
    "Storage nodes in cooldown (open), and those that are tried again (half_open)",
    () => ({ open: of().open, half_open: of().halfOpen }),
    "state",
  );
  counter(registry, "cess_s3_node_cooldowns_total", "Cooldowns of storage nodes that began", () => of().cooldowns);
  counter(registry, "cess_s3_node_failures_total", "Transfers that failed at a storage node", () => of().failures);
  counter(
    registry,
    "cess_s3_node_wrong_fragments_total",
    "Fragments that storage nodes gave with wrong bytes",
    () => of().corrupt,
  );
  counter(
    registry,
    "cess_s3_node_missed_reports_total",
    "Fragments that storage nodes took and did not report in time",
    () => of().missedReports,
  );
}

/** What was done to bring objects into the network. */
export function distributionFamilies(registry: Registry, { distribution }: Pick<Services, "distribution">): void {
  const of = () => distribution.metrics();
  counter(registry, "cess_s3_deals_ordered_total", "Deals that were ordered", () => of().declarations);
  labelledCounter(
    registry,
    "cess_s3_deals_total",
    "Deals by how they ended: stored, refused (ordered again later), failed for good, or lost by the chain",
    () => {
      const { stored, refusals, failed, dealsLost } = of();
      return { stored, refused: refusals, failed, lost: dealsLost };
    },
    "result",
  );
  counter(registry, "cess_s3_objects_encoded_total", "Objects that were encoded", () => of().encoded);
  counter(registry, "cess_s3_files_deleted_total", "Files that were deleted on the chain", () => of().deletions);
  labelledCounter(
    registry,
    "cess_s3_fragments_total",
    "Fragments given to storage nodes, each attempt, by result",
    () => {
      const { fragmentsSent, fragmentsRefused, fragmentsTimedOut, fragmentsFailed } = of();
      return { sent: fragmentsSent, refused: fragmentsRefused, timed_out: fragmentsTimedOut, failed: fragmentsFailed };
    },
    "result",
  );
  counter(registry, "cess_s3_fragment_sent_bytes_total", "Bytes of fragments that nodes took", () => of().bytesSent);
  counter(
    registry,
    "cess_s3_fragments_reassigned_total",
    "Fragment indexes of a file that were taken from a silent node",
    () => of().reassignments,
  );
  counter(
    registry,
    "cess_s3_fragments_unplaced_total",
    "Fragment indexes of a file that had no node when a transfer ended",
    () => of().unplaced,
  );
  labelledCounter(
    registry,
    "cess_s3_job_failures_total",
    "Attempts of jobs that failed",
    () => {
      const { encodeFailures, storeFailures, deleteFailures } = of();
      return { encode: encodeFailures, store: storeFailures, delete: deleteFailures };
    },
    "kind",
  );
}
