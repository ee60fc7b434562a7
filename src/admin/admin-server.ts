import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import type { Health } from "./health.js";
import { RequestGuard } from "./request-guard.js";

export interface AdminComponents {
  readonly metrics: Registry;
  readonly health: Pick<Health, "unready" | "warnings">;
  readonly dropCache: () => Promise<void>;
  /** Further routes; the dev network adds its own. */
  readonly routes?: readonly AdminRoute[];
}

/**
 * `path` must match the whole path; its groups are given to `run`, decoded, with the body parsed as JSON if there is one,
 * and the query. A body has at most 64 KiB.
 */
export interface AdminRoute {
  readonly method: string;
  readonly path: RegExp;
  run(groups: readonly string[], body: unknown, query: URLSearchParams): Promise<AdminAnswer>;
}

export interface AdminSettings {
  /** Host names that the endpoint answers to, besides `localhost` and IP addresses. */
  readonly names: readonly string[];
}

export interface AdminAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

const BODY_LIMIT_BYTES = 64 * 1024;

export const json = (value: unknown, status = 200): AdminAnswer => ({
  status,
  type: "application/json",
  body: `${JSON.stringify(value, undefined, 2)}\n`,
});
const text = (body: string, status = 200): AdminAnswer => ({ status, body: `${body}\n` });

/**
 * Health, metrics and the cache switch, for the operator. It has no authentication: it listens on loopback by default
 * and must not be reachable from outside. RequestGuard keeps web sites out.
 */
export class AdminServer {
  private readonly server: Server;
  private readonly routes: readonly AdminRoute[];
  private readonly guard: RequestGuard;

  constructor(components: AdminComponents, { names }: AdminSettings) {
    this.guard = new RequestGuard(names);
    this.routes = [...ownRoutes(components), ...(components.routes ?? [])];
    this.server = createServer((request, response) => {
      void this.answer(request).then((answer) => {
        response.writeHead(answer.status, { "content-type": answer.type ?? "text/plain; charset=utf-8" });
        response.end(request.method === "HEAD" ? undefined : answer.body);
      });
    });
  }

  async listen(host: string, port: number): Promise<{ readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    return { port: (this.server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage): Promise<AdminAnswer> {
    try {
      const refusal = this.guard.refusal(request.headers);
      if (refusal !== undefined) return text(refusal, 403);
      const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
      const method = request.method === "HEAD" ? "GET" : request.method;
      const here = this.routes.flatMap((route) => {
        const match = route.path.exec(path);
        return match ? [{ route, groups: match.slice(1).map(decoded) }] : [];
      });
      if (here.length === 0) return text("not found", 404);
      const found = here.find(({ route }) => route.method === method);
      if (!found) return text(`this path answers ${here.map(({ route }) => route.method).join(", ")}`, 405);
      return await found.route.run(found.groups, await readJson(request), new URLSearchParams(query));
    } catch (error) {
      if (error instanceof AdminRefusal) return text(error.message, error.status);
      return text(error instanceof Error ? error.message : String(error), 500);
    }
  }
}

/** What a route does not do, with the status and a message for the operator. */
export class AdminRefusal extends Error {
  constructor(
    readonly status: 400 | 404 | 409,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Of a path, percent-encoded; as it is where that is malformed. A group that did not take part is empty. */
function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? "");
  } catch {
    return text ?? "";
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new AdminRefusal(400, `the body is larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new AdminRefusal(400, "the body is not JSON");
  }
}

function ownRoutes({ metrics, health, dropCache }: AdminComponents): AdminRoute[] {
  return [
    { method: "GET", path: /^\/health\/live$/, run: () => Promise.resolve(text("live")) },
    {
      method: "GET",
      path: /^\/health\/ready$/,
      run: () => {
        const reasons = health.unready();
        const ready = reasons.length === 0;
        return Promise.resolve(
          json({ status: ready ? "ready" : "not ready", reasons, warnings: health.warnings() }, ready ? 200 : 503),
        );
      },
    },
    {
      method: "GET",
      path: /^\/metrics$/,
      run: async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() }),
    },
    {
      method: "DELETE",
      path: /^\/cache$/,
      run: async () => {
        await dropCache();
        return text("the cache is empty");
      },
    },
  ];
}
