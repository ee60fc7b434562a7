import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Answered } from "../../s3/answered.js";

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** S3 requests. Operations, statuses and error codes are the gateway's own words, so clients cannot make up labels. */
export class RequestFamilies {
  private readonly inFlight: Gauge;
  private readonly requests: Counter;
  private readonly errors: Counter;
  private readonly duration: Histogram;
  private readonly firstByte: Histogram;
  private readonly received: Counter;
  private readonly sent: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ["operation"];
    this.inFlight = new Gauge({
      name: "cess_s3_requests_in_flight",
      help: "S3 requests that are being served",
      registers,
    });
    this.requests = new Counter({
      name: "cess_s3_requests_total",
      help: "S3 requests answered, by HTTP status; 499 where the client hung up",
      labelNames: ["operation", "status"],
      registers,
    });
    this.errors = new Counter({
      name: "cess_s3_request_errors_total",
      help: "S3 requests answered with an error, by S3's error code",
      labelNames: ["operation", "error_code"],
      registers,
    });
    this.duration = new Histogram({
      name: "cess_s3_request_duration_seconds",
      help: "Time from a request's head to the end of its answer",
      labelNames,
      buckets: SECONDS,
      registers,
    });
    this.firstByte = new Histogram({
      name: "cess_s3_request_first_byte_seconds",
      help: "Time from a request's head until the first byte of its answer is ready",
      labelNames,
      buckets: SECONDS,
      registers,
    });
    this.received = new Counter({
      name: "cess_s3_request_received_bytes_total",
      help: "Bytes of requests' bodies that were read",
      labelNames,
      registers,
    });
    this.sent = new Counter({
      name: "cess_s3_request_sent_bytes_total",
      help: "Bytes of answers' bodies that were sent",
      labelNames,
      registers,
    });
  }

  readonly onArrival = (): void => this.inFlight.inc();

  readonly onAnswer = ({ operation, status, errorCode, ms, firstByteMs, receivedBytes, sentBytes }: Answered): void => {
    this.inFlight.dec();
    this.requests.inc({ operation, status });
    if (errorCode !== undefined) this.errors.inc({ operation, error_code: errorCode });
    this.duration.observe({ operation }, ms / 1000);
    this.firstByte.observe({ operation }, firstByteMs / 1000);
    if (receivedBytes > 0) this.received.inc({ operation }, receivedBytes);
    if (sentBytes > 0) this.sent.inc({ operation }, sentBytes);
  };
}
