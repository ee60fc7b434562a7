import { Registry } from "prom-client";
import type { Health } from "../../admin/health.js";
import type { PeerCounts } from "../../peers/peer-server.js";
import type { Accounts } from "../gateway/accounts.js";
import type { ChainStatus } from "../gateway/chain-status.js";
import type { Services } from "../gateway/services.js";
import { catalogFamilies, packFamilies } from "./catalog-families.js";
import { counter, gauge, labelledGauge } from "./families.js";
import { listenerMetrics, type MeasuredListeners } from "./listener-metrics.js";
import { chainFamilies, distributionFamilies, nodeFamilies } from "./network-families.js";
import { processFamilies } from "./process-families.js";
import { cacheFamilies, peerFamilies, peerListenerFamilies, retrievalFamilies } from "./read-families.js";
import { RequestFamilies } from "./request-families.js";
import { scrubFamilies } from "./scrub-families.js";
import { stagingMetrics } from "./staging-metrics.js";

export interface MetricsComponents {
  readonly services: Services;
  readonly accounts: Pick<Accounts, "owner">;
  readonly chainStatus: ChainStatus;
  /** Lines that the log has lost. */
  readonly droppedLines?: () => number;
}

/** The metrics of the admin endpoint, which docs/monitoring.md lists. Most are computed when Prometheus asks. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = new RequestFamilies(this.registry);

  constructor({ services, accounts, chainStatus, droppedLines = () => 0 }: MetricsComponents) {
    const { registry } = this;
    catalogFamilies(registry, services);
    packFamilies(registry, services, accounts);
    stagingMetrics(registry, services);
    distributionFamilies(registry, services);
    nodeFamilies(registry, services);
    chainFamilies(registry, services, chainStatus);
    cacheFamilies(registry, services);
    retrievalFamilies(registry, services);
    if (services.peers) peerFamilies(registry, services.peers);
    scrubFamilies(registry, services);
    processFamilies(registry, services, droppedLines);
  }

  listeners(security: MeasuredListeners): void {
    listenerMetrics(this.registry, security);
  }

  /** What other gateways and CESS tools fetch here. */
  peerServer({ counts }: { readonly counts: PeerCounts }): void {
    peerListenerFamilies(this.registry, counts);
  }

  /** 1 while all checks are well; those that are not are named. */
  health(health: Pick<Health, "unready">): void {
    gauge(this.registry, "cess_s3_ready", "1 while the gateway is ready to take requests", () =>
      Number(health.unready().length === 0),
    );
    labelledGauge(
      this.registry,
      "cess_s3_ready_checks_failing",
      "1 for each check that keeps the gateway from being ready",
      () => Object.fromEntries(health.unready().map(({ check }) => [check, 1])),
      "check",
    );
  }

  accessLogs(spool: { readonly dropped: number; readonly bytes: number }): void {
    const { registry } = this;
    gauge(
      registry,
      "cess_s3_access_log_waiting_bytes",
      "Bytes of access logs that wait to be delivered",
      () => spool.bytes,
    );
    counter(registry, "cess_s3_access_log_dropped_lines_total", "Lines of access logs dropped", () => spool.dropped);
  }
}
