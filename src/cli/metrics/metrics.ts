import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import type { Answered } from "../../s3/dispatch.js";
import type { AccountUsage, Catalog } from "../../catalog/catalog.js";
import type { PeerCounts } from "../../peers/peer-server.js";
import { SharedWork } from "../../retrieval/shared-work.js";
import { gauge, labelledGauge } from "./families.js";
import { stagingMetrics } from "./staging-metrics.js";
import type { Accounts } from "../gateway/accounts.js";
import type { Services } from "../gateway/services.js";

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of the admin endpoint. Gauges are computed when Prometheus asks. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: "cess_s3_requests_total",
    help: "S3 requests answered",
    labelNames: ["operation", "status"],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: "cess_s3_request_seconds",
    help: "Time from a request's head to the end of its answer",
    labelNames: ["operation"],
    buckets: SECONDS,
    registers: [this.registry],
  });

  constructor(services: Services, accounts: Pick<Accounts, "owner">) {
    collectDefaultMetrics({ register: this.registry });
    this.catalogGauges(services);
    this.packGauges(services, accounts);
    stagingMetrics(this.registry, services);
    gauge(this.registry, "cess_s3_chain_connected", "1 while a chain node answers", () =>
      Number(services.chain.connected),
    );
    gauge(
      this.registry,
      "cess_s3_cache_memory_bytes",
      "Fragments cached in memory",
      () => services.cache.usage().memoryBytes,
    );
    gauge(
      this.registry,
      "cess_s3_cache_disk_bytes",
      "Fragments cached on disk",
      () => services.cache.usage().diskBytes,
    );
    gauge(
      this.registry,
      "cess_s3_cache_hits",
      "Fragments found in the cache since start",
      () => services.cache.usage().hits,
    );
    gauge(
      this.registry,
      "cess_s3_cache_misses",
      "Fragments not found in the cache since start",
      () => services.cache.usage().misses,
    );
    labelledGauge(this.registry, "cess_s3_distribution", "Distribution since start, by event", () =>
      services.distribution.metrics(),
    );
    labelledGauge(
      this.registry,
      "cess_s3_nodes",
      "Storage nodes: registered, with an open or half-open circuit now; what they did as far as remembered",
      () => services.registry.metrics(),
      "what",
    );
    labelledGauge(
      this.registry,
      "cess_s3_file_redundancy",
      "Files looked at lately, by the fragments left of their worst segment",
      () => services.retrieval.files.census().catch(() => ({})),
      "fragments",
    );
    const { peers } = services;
    if (peers)
      labelledGauge(
        this.registry,
        "cess_s3_peers",
        "Other gateways asked since start, by event; how many are known, and skipped",
        () => peers.metrics(),
      );
    labelledGauge(this.registry, "cess_s3_retrieval", "Retrieval since start, by event", () =>
      services.retrieval.metrics(),
    );
  }

  readonly onAnswer = ({ operation, status, ms }: Answered): void => {
    this.requests.inc({ operation, status: String(status) });
    this.seconds.observe({ operation }, ms / 1000);
  };

  /** What other gateways and CESS tools fetch here. */
  peerServer({ counts }: { readonly counts: PeerCounts }): void {
    labelledGauge(this.registry, "cess_s3_peer_listener", "The peer listener since start, by event", () => ({
      ...counts,
    }));
  }

  accessLogs(spool: { readonly dropped: number; readonly bytes: number }): void {
    labelledGauge(
      this.registry,
      "cess_s3_access_logs",
      "Bytes of access logs that wait to be delivered, and lines dropped since start",
      () => ({ waitingBytes: spool.bytes, droppedLines: spool.dropped }),
      "what",
    );
  }

  private catalogGauges({ catalog }: Services): void {
    const sums = new SharedWork<Awaited<ReturnType<Catalog["staged"]>>>();
    const staged = () => sums.run("staged", () => catalog.staged());
    gauge(
      this.registry,
      "cess_s3_staged_bytes",
      "Bytes whose only copy is on this gateway",
      async () => (await staged()).bytes,
    );
    gauge(
      this.registry,
      "cess_s3_open_upload_bytes",
      "Of the staged bytes, parts of open uploads",
      async () => (await staged()).openUploadBytes,
    );
    gauge(this.registry, "cess_s3_jobs", "Jobs waiting or running", async () =>
      Object.values(await catalog.jobs.count()).reduce((sum, count) => sum + count, 0),
    );
    labelledGauge(
      this.registry,
      "cess_s3_notifications",
      "Events waiting for their webhooks, and dropped in all",
      () => catalog.events.counts(),
      "what",
    );
    labelledGauge(this.registry, "cess_s3_files", "CESS files by state", () => catalog.files.countByState(), "state");
  }

  private packGauges({ catalog }: Services, accounts: Pick<Accounts, "owner">): void {
    labelledGauge(
      this.registry,
      "cess_s3_packs",
      "Packs, the files that small objects share, by state",
      () => catalog.packs.count(),
      "state",
    );
    gauge(this.registry, "cess_s3_pack_queue_objects", "Objects that wait for a pack", async () =>
      (await catalog.packs.queues()).reduce((sum, { objects }) => sum + objects, 0),
    );
    // Metrics of one scrape are read at the same time.
    const usages = new SharedWork<readonly AccountUsage[]>();
    const usage =
      (member: "objectBytes" | "chargedBytes" | "deadBytes"): (() => Promise<Record<string, number>>) =>
      async () =>
        Object.fromEntries(
          (await usages.run("usage", () => catalog.packs.usage())).map((of) => [
            accounts.owner(of.owner)?.displayName ?? of.owner,
            of[member],
          ]),
        );
    labelledGauge(
      this.registry,
      "cess_s3_object_bytes",
      "Bytes of objects, in files and waiting for a pack; shared ones count once",
      usage("objectBytes"),
      "account",
    );
    labelledGauge(
      this.registry,
      "cess_s3_charged_bytes",
      "Bytes that the territory is charged for files on CESS",
      usage("chargedBytes"),
      "account",
    );
    labelledGauge(
      this.registry,
      "cess_s3_dead_bytes",
      "Bytes in stored packs that no object needs any more",
      usage("deadBytes"),
      "account",
    );
  }
}
