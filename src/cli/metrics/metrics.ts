import type { PeerCounts } from "../../peers/peer-server.js";
import type { PublicServer } from "../../peers/public-server.js";
import type { Accounts } from "../gateway/accounts.js";
import type { ChainStatus } from "../gateway/chain-status.js";
import type { Services } from "../gateway/services.js";
import type { GatewayHealth } from "../health/gateway-health.js";
import type { LeaseBuyer } from "../../leases/lease-buyer.js";
import { certificateMetrics, type MeasuredListeners } from "./listener-metrics.js";
import { gatewayFamilies } from "./gateway-families.js";
import { leaseFamilies } from "./lease-families.js";
import { catalogFamilies, journalFamilies, mountFamilies, packFamilies } from "./catalog-families.js";
import { coordinationFamilies } from "./coordination-families.js";
import { chainFamilies, distributionFamilies, nodeFamilies } from "./network-families.js";
import { programFamilies } from "./process-families.js";
import { publicFamilies } from "./public-families.js";
import { cacheFamilies, peerFamilies, peerListenerFamilies, retrievalFamilies } from "./read-families.js";
import { readinessFamilies } from "./readiness.js";
import { RequestMetrics } from "./request-metrics.js";
import { scrubFamilies } from "./scrub-families.js";
import { stateFamilies } from "./state-families.js";
import { stagingMetrics } from "./staging-metrics.js";

export interface MetricsComponents {
  readonly services: Services;
  readonly accounts: Pick<Accounts, "owner">;
  readonly chainStatus: ChainStatus;
  /** Lines that the log has lost. */
  readonly droppedLines?: () => number;
}

/** The metrics of the admin endpoint, which docs/monitoring.md lists. Most are computed when Prometheus asks. */
export class Metrics extends RequestMetrics {
  constructor({ services, accounts, chainStatus, droppedLines = () => 0 }: MetricsComponents) {
    super(droppedLines);
    const { registry } = this;
    catalogFamilies(registry, services);
    packFamilies(registry, services, accounts);
    journalFamilies(registry, services);
    mountFamilies(registry, services);
    stagingMetrics(registry, services);
    distributionFamilies(registry, services);
    nodeFamilies(registry, services);
    coordinationFamilies(registry, services);
    chainFamilies(registry, services, chainStatus);
    cacheFamilies(registry, services);
    retrievalFamilies(registry, services);
    if (services.peers) peerFamilies(registry, services.peers);
    scrubFamilies(registry, services);
    programFamilies(registry, services);
    if (services.state.shared) stateFamilies(registry, services.state.shared);
    gatewayFamilies(registry, services.registration, services.databaseClock);
  }

  listeners(security: MeasuredListeners): void {
    certificateMetrics(this.registry, security);
    this.rates(security);
  }

  leases(buyer: Pick<LeaseBuyer, "spent">): void {
    leaseFamilies(this.registry, buyer);
  }

  /** What other gateways and CESS tools fetch here. */
  peerServer(server: { readonly counts: PeerCounts }): void {
    peerListenerFamilies(this.registry, server);
  }

  /** What everyone asks for on the public listener. */
  publicServer(server: PublicServer): void {
    publicFamilies(this.registry, server);
  }

  health(health: GatewayHealth, services: Services): void {
    readinessFamilies(this.registry, health, services.space);
  }
}
