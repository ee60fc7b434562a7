import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { Logger } from "../logger.js";
import { authorMethods } from "./author-methods.js";
import { chainMethods } from "./chain-methods.js";
import { Connection } from "./connection.js";
import { Params, type Methods, type RpcComponents, type Subscriber } from "./method.js";
import { RpcError } from "./rpc-error.js";
import { stateMethods } from "./state-methods.js";
import { systemMethods } from "./system-methods.js";

export const RPC_DEFAULTS = {
  connectionsLimit: 256,
  subscriptionsLimit: 1024,
  messageBytesLimit: 15 * 1024 * 1024,
  unreadBytesLimit: 64 * 1024 * 1024,
  batchLimit: 100,
} as const;
export type RpcSettings = { readonly [K in keyof typeof RPC_DEFAULTS]: number };

const methods: Methods = {
  ...stateMethods,
  ...chainMethods,
  ...authorMethods,
  ...systemMethods,
  rpc_methods: () => ({ methods: Object.keys(methods).sort() }),
};

const CLOSING_MS = 500;

/** Plain HTTP has no subscriptions. */
const noSubscriber: Subscriber = {
  subscribe() {
    throw new RpcError(-32601, "Subscriptions need a WebSocket");
  },
  unsubscribe: () => false,
};

/** JSON-RPC 2.0 over WebSocket and HTTP POST, on one port. */
export class RpcServer {
  private readonly http: Server;
  private readonly sockets: WebSocketServer;

  constructor(
    readonly components: RpcComponents & { readonly logger: Logger },
    readonly settings: { readonly host: string; readonly port: number; readonly rpc: RpcSettings },
  ) {
    const { messageBytesLimit } = settings.rpc;
    this.http = createServer((request, response) => void this.post(request, response));
    this.sockets = new WebSocketServer({ server: this.http, maxPayload: messageBytesLimit });
    // It repeats the HTTP server's errors, which `listen` rejects with; unheard they would end the process.
    this.sockets.on("error", () => undefined);
    this.sockets.on("connection", (socket) => {
      if (this.sockets.clients.size > settings.rpc.connectionsLimit) {
        socket.close(1013, "too many connections");
        return;
      }
      const connection = new Connection(socket, settings.rpc);
      socket.on("message", (data) => connection.answer(this.answer(rawText(data), connection)));
      socket.on("close", () => connection.close());
      socket.on("error", () => socket.terminate());
    });
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `ws://${this.settings.host}:${this.port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen(this.settings.port, this.settings.host, () => {
        this.http.off("error", reject);
        resolve();
      });
    });
  }

  dropConnections(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.close(1001, "going away");
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.sockets.close();
    this.http.closeIdleConnections();
    // A client that does not answer the closing handshake in time is cut off.
    const cut = setTimeout(() => this.dropConnections(), CLOSING_MS);
    await closed;
    clearTimeout(cut);
  }

  private async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { messageBytesLimit } = this.settings.rpc;
    if (request.method !== "POST") return void response.writeHead(405, { allow: "POST" }).end();
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const part of request as AsyncIterable<Buffer>) {
        size += part.length;
        if (size > messageBytesLimit) return void response.writeHead(413, { connection: "close" }).end();
        parts.push(part);
      }
    } catch {
      // The client went away in the middle of its request: there is nobody to answer.
      return;
    }
    const answer = this.answer(Buffer.concat(parts).toString("utf8"), noSubscriber);
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  }

  private answer(text: string, subscriber: Subscriber): string {
    let request: unknown;
    try {
      request = JSON.parse(text);
    } catch {
      return JSON.stringify(failure(null, new RpcError(-32700, "Parse error")));
    }
    if (!Array.isArray(request)) return JSON.stringify(this.one(request, subscriber));
    if (request.length === 0 || request.length > this.settings.rpc.batchLimit) {
      return JSON.stringify(
        failure(null, new RpcError(-32010, `a batch holds 1 to ${this.settings.rpc.batchLimit} requests`)),
      );
    }
    return JSON.stringify(request.map((one: unknown) => this.one(one, subscriber)));
  }

  private one(request: unknown, subscriber: Subscriber): unknown {
    const {
      id = null,
      method,
      params = [],
    } = (typeof request === "object" && request !== null ? request : {}) as Record<string, unknown>;
    if (typeof method !== "string" || !Array.isArray(params))
      return failure(id, new RpcError(-32600, "Invalid request"));
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (run === undefined) return failure(id, new RpcError(-32601, "Method not found"));
    try {
      return { jsonrpc: "2.0", id, result: run(new Params(params), this.components, subscriber) ?? null };
    } catch (error) {
      if (error instanceof RpcError) return failure(id, error);
      this.components.logger.error({ err: error, method }, "a dev chain RPC method failed");
      return failure(id, new RpcError(-32603, `Internal error: ${error instanceof Error ? error.message : "unknown"}`));
    }
  }
}

function failure(id: unknown, { code, message, data }: RpcError): unknown {
  return { jsonrpc: "2.0", id, error: { code, message, ...(data !== undefined && { data }) } };
}

function rawText(data: unknown): string {
  return Array.isArray(data)
    ? Buffer.concat(data as Buffer[]).toString("utf8")
    : Buffer.from(data as Buffer).toString("utf8");
}
