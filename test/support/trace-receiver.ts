import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, "attributes"> & {
        readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
      })[];
    }[];
  }[];
}

/** Takes spans by OTLP over HTTP, as JSON: a collector that only keeps them. */
export class TraceReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All bodies, as they came. */
  text = "";

  private constructor(private readonly server: Server) {}

  static async start(): Promise<TraceReceiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        receiver.take(request.headers["content-type"] ?? "", Buffer.concat(chunks).toString("utf8"));
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    });
    const receiver = new TraceReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/traces`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(type: string, body: string): void {
    if (!type.startsWith("application/json")) throw new Error(`spans came as ${type}`);
    this.text += body;
    for (const { scopeSpans } of (JSON.parse(body) as Sent).resourceSpans)
      for (const { spans } of scopeSpans)
        for (const { attributes, ...span } of spans)
          this.spans.push({
            ...span,
            attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
          });
  }
}
