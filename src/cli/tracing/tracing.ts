import type { IncomingMessage } from "node:http";
import type { Traced } from "../../model/traced.js";
import type { Answered } from "../../s3/answered.js";

/** Traces for OpenTelemetry. */
export interface Tracing {
  readonly traced: Traced;
  /** Serves a request within a span, which belongs to the trace that the client names in `traceparent`. */
  readonly request: (request: IncomingMessage, serve: () => Promise<Answered>) => Promise<void>;
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>;
}
