import { Registry } from "prom-client";
import { counter, gauge } from "./families.js";
import { rateMetrics, type MeasuredListeners } from "./listener-metrics.js";
import { processFamilies } from "./process-families.js";
import { RequestFamilies } from "./request-families.js";

/** The metrics of a process that serves requests. */
export class RequestMetrics {
  readonly registry = new Registry();
  readonly requests = new RequestFamilies(this.registry);

  /** `droppedLines`: lines that the log has lost. */
  constructor(droppedLines: () => number = () => 0) {
    processFamilies(this.registry, droppedLines);
  }

  rates(listeners: Pick<MeasuredListeners, "rates">): void {
    rateMetrics(this.registry, listeners);
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
