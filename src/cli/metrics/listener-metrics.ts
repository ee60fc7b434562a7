import type { Registry } from "prom-client";
import { gauge, labelledCounter } from "./families.js";

export interface MeasuredListeners {
  /** When the certificate ends, s since 1970; undefined without TLS. */
  readonly certificateEnd: number | undefined;
  readonly rates: { readonly refused: { readonly key: number; readonly address: number } };
}

/** The end of the certificate. */
export function certificateMetrics(registry: Registry, listeners: MeasuredListeners): void {
  gauge(
    registry,
    "cess_s3_tls_certificate_expiry_timestamp_seconds",
    "When the listeners' certificate ends, in seconds since 1970",
    () => listeners.certificateEnd,
  );
}

/** Requests that came too often. */
export function rateMetrics(registry: Registry, { rates }: Pick<MeasuredListeners, "rates">): void {
  labelledCounter(
    registry,
    "cess_s3_rate_limited_requests_total",
    "Requests answered SlowDown because their access key or address sent too many",
    () => rates.refused,
    "by",
  );
}
