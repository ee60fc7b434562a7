import type { Registry } from "prom-client";
import type { GatewayPeers } from "../../peers/gateway-peers.js";
import { peerKinds } from "../../peers/peer-kind.js";
import type { PeerCounts } from "../../peers/peer-server.js";
import type { Services } from "../gateway/services.js";
import { counter, gauge, labelledCounter, labelledGauge } from "./families.js";

/** The fragment cache, by tier. */
export function cacheFamilies(registry: Registry, { cache }: Pick<Services, "cache">): void {
  const byTier = (member: "bytes" | "hits" | "misses" | "evictions") => () => {
    const { memory, disk } = cache.usage();
    return { memory: memory[member], disk: disk[member] };
  };
  labelledGauge(registry, "cess_s3_cache_bytes", "Bytes of fragments in the cache", byTier("bytes"), "tier");
  labelledCounter(registry, "cess_s3_cache_hits_total", "Fragments found in the cache", byTier("hits"), "tier");
  labelledCounter(
    registry,
    "cess_s3_cache_misses_total",
    "Fragments not found in the cache; the disk is asked for what memory does not hold",
    byTier("misses"),
    "tier",
  );
  labelledCounter(
    registry,
    "cess_s3_cache_evictions_total",
    "Fragments that left the cache for others",
    byTier("evictions"),
    "tier",
  );
}

/** Reads of stored objects. */
export function retrievalFamilies(registry: Registry, { retrieval }: Pick<Services, "retrieval">): void {
  const of = (name: string) => retrieval.metrics()[name] ?? 0;
  labelledCounter(
    registry,
    "cess_s3_fragment_reads_total",
    "Fragments that reads got, by where they came from",
    () => ({ cache: of("cached"), peer: of("fromPeers"), node: of("fromNodes") }),
    "source",
  );
  counter(
    registry,
    "cess_s3_segment_races_total",
    "Reads that asked all nodes of a segment, because one was slow or failed",
    () => of("races"),
  );
  counter(registry, "cess_s3_segment_races_won_total", "Those that gave the fragment", () => of("racesWon"));
  labelledCounter(
    registry,
    "cess_s3_node_fetches_total",
    "Requests to storage nodes for whole fragments, or for ranges of them",
    () => ({ fragment: of("fetches"), range: of("rangedFetches") }),
    "kind",
  );
  labelledCounter(
    registry,
    "cess_s3_node_fetched_bytes_total",
    "Bytes that storage nodes gave",
    () => ({ fragment: of("fetchedBytes"), range: of("rangedBytes") }),
    "kind",
  );
  counter(registry, "cess_s3_node_fetch_failures_total", "Requests to storage nodes that failed", () =>
    of("failedFetches"),
  );
  gauge(registry, "cess_s3_retrieval_in_flight_bytes", "Bytes of fragments being fetched", () => of("bytesInFlight"));
  gauge(registry, "cess_s3_retrieval_held_bytes", "Bytes of fragments that readers hold", () => of("bytesHeld"));
  gauge(registry, "cess_s3_object_cache_bytes", "Bytes of small objects cached in memory", () =>
    of("objectCacheBytes"),
  );
  counter(registry, "cess_s3_object_cache_hits_total", "Reads of small objects that memory answered", () =>
    of("objectCacheHits"),
  );
}

/** Other gateways that this one asks. */
export function peerFamilies(registry: Registry, peers: GatewayPeers): void {
  const of = (name: string) => peers.metrics()[name] ?? 0;
  labelledGauge(
    registry,
    "cess_s3_peers",
    "Other gateways that are known, and of these, skipped for a while",
    () => ({ known: of("known"), skipped: of("open") }),
    "state",
  );
  labelledGauge(
    registry,
    "cess_s3_peer_kinds",
    "Other gateways by what runs there",
    () => {
      const kinds = Object.fromEntries([...peerKinds, "unknown"].map((kind) => [kind, 0]));
      for (const { kind = "unknown" } of peers.table()) kinds[kind] = (kinds[kind] ?? 0) + 1;
      return kinds;
    },
    "kind",
  );
  labelledCounter(
    registry,
    "cess_s3_peer_fetches_total",
    "Fragments asked of other gateways, by result",
    () => ({ found: of("fragments"), missing: of("misses"), failed: of("failures"), wrong: of("wrong") }),
    "result",
  );
  counter(registry, "cess_s3_peer_fetched_bytes_total", "Bytes that other gateways gave", () => of("bytes"));
}

/** What other gateways and CESS tools fetch here. */
export function peerListenerFamilies(registry: Registry, server: { readonly counts: PeerCounts }): void {
  counter(registry, "cess_s3_peer_requests_total", "Requests on the peer listener", () => server.counts.requests);
  counter(
    registry,
    "cess_s3_peer_requests_refused_total",
    "Those that were refused or failed",
    () => server.counts.refused,
  );
  counter(
    registry,
    "cess_s3_peer_sent_bytes_total",
    "Bytes of files that the peer listener gave",
    () => server.counts.bytes,
  );
}
