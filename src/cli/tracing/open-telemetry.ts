import type { IncomingMessage } from "node:http";
import {
  context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { TraceAttributes } from "../../model/traced.js";
import type { Answered } from "../../s3/answered.js";
import { VERSION } from "../version.js";
import type { Tracing } from "./tracing.js";

/** Spans that wait to be sent; further ones are dropped. */
const WAITING_SPANS = 4096;
/** How long one sending may take, ms. */
const SEND_MS = 5_000;
/** How long the end of the process waits for what is left, ms. */
const CLOSE_MS = 1_500;

/** Spans over OTLP/HTTP as JSON. Names of attributes are OpenTelemetry's semantic conventions. */
export class OpenTelemetry implements Tracing {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  private readonly contexts = new AsyncLocalStorageContextManager().enable();
  private readonly propagator = new W3CTraceContextPropagator();

  /** `ratio`: 0…1, of the traces that no client has decided on. */
  constructor({ endpoint, ratio }: { readonly endpoint: string; readonly ratio: number }) {
    context.setGlobalContextManager(this.contexts);
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ "service.name": "cess-s3", "service.version": VERSION }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new OTLPTraceExporter({ url: endpoint, timeoutMillis: SEND_MS }),
          maxQueueSize: WAITING_SPANS,
        }),
      ],
    });
    this.tracer = this.provider.getTracer("cess-s3", VERSION);
  }

  readonly traced = <T>(name: string, attributes: TraceAttributes, work: () => Promise<T>): Promise<T> =>
    this.tracer.startActiveSpan(name, { attributes }, async (span) => {
      try {
        return await work();
      } catch (error) {
        failed(span, error instanceof Error ? error.name : "Error", error instanceof Error ? error.message : undefined);
        throw error;
      } finally {
        span.end();
      }
    });

  readonly request = (request: IncomingMessage, serve: () => Promise<Answered>): Promise<void> => {
    const parent = this.propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
    // Its name is known when the request has been read.
    return this.tracer.startActiveSpan("S3", { kind: SpanKind.SERVER }, parent, async (span) => {
      try {
        const answered = await serve();
        span.updateName(answered.operation);
        span.setAttributes(attributesOf(request, answered));
        if (answered.status >= 500) failed(span, answered.errorCode ?? String(answered.status));
      } finally {
        span.end();
      }
    });
  };

  async close(): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([this.provider.shutdown().catch(() => undefined), late]);
    context.disable();
    this.contexts.disable();
    trace.disable();
  }
}

function failed(span: Span, type: string, message?: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
}

/** The path without its query, which may hold a signature. */
function attributesOf(request: IncomingMessage, answered: Answered): Record<string, string | number> {
  const { bucket, key, errorCode, account } = answered;
  return {
    "rpc.system": "aws-api",
    "rpc.service": "S3",
    "rpc.method": answered.operation,
    "aws.request_id": answered.requestId,
    "http.request.method": answered.method,
    "http.response.status_code": answered.status,
    "http.request.body.size": answered.receivedBytes,
    "http.response.body.size": answered.sentBytes,
    "url.path": (request.url ?? "").split("?", 1)[0] ?? "",
    "client.address": answered.address,
    ...(bucket === undefined ? {} : { "aws.s3.bucket": bucket }),
    ...(key === undefined || key === "" ? {} : { "aws.s3.key": key }),
    ...(account === undefined ? {} : { "enduser.id": account.displayName }),
    ...(errorCode === undefined ? {} : { "cess_s3.error_code": errorCode }),
  };
}
