import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AdminAccess } from "./admin-access.js";
import { routeRecord, type AuditLog } from "./audit-log.js";
import type { Clock } from "../model/clock.js";
import type { Health } from "./health.js";
import { RefusedTokens } from "./refused-tokens.js";
import { RequestGuard } from "./request-guard.js";

/** All metrics, as Prometheus reads them. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface AdminComponents {
  readonly metrics: MetricsText;
  readonly health: Pick<Health, "unready" | "warnings">;
  /** How old the oldest change is that a rebuild would not have, seconds; undefined where no journal is kept. */
  readonly unjournaledSeconds?: () => number | undefined;
  readonly dropCache: () => Promise<void>;
  readonly access: Pick<AdminAccess, "identify">;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** `node:http`'s by default; another one for TLS. */
  readonly createServer?: (options: ServerOptions, listener: RequestListener) => Server;
  /** Further routes; the dev network adds its own. */
  readonly routes?: readonly AdminRoute[];
  /** Answers what is not a route, such as the page for browsers. False: it does not know the path. */
  readonly pages?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * `path` must match the whole path; its groups are given to `run`, decoded, with the body parsed as JSON if there is one,
 * and the query. A body has at most 64 KiB.
 */
export interface AdminRoute {
  readonly method: string;
  readonly path: RegExp;
  run(groups: readonly string[], body: unknown, query: URLSearchParams): Promise<AdminAnswer>;
  /** The answer to requests without a token; by default 401. */
  readonly withoutToken?: () => Promise<AdminAnswer>;
  /** Not in the audit log, since it only goes on with what is recorded already. */
  readonly unrecorded?: true;
}

export interface AdminSettings {
  /** Host names that the endpoint answers to, besides `localhost` and IP addresses. */
  readonly names: readonly string[];
  /** `/metrics` is answered without a token, too. */
  readonly publicMetrics?: boolean;
}

export interface AdminAnswer {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** In place of `body`: it goes on until the client is gone, or the listener ends. */
  readonly stream?: AsyncIterable<string>;
  /** For the audit log: the name of what was made, where the path does not have it. */
  readonly made?: string;
}

const BODY_LIMIT_BYTES = 64 * 1024;
/** Those that are open, and how long a request may take to arrive, ms. */
const SERVER_LIMITS = { connections: 256, headerBytes: 16 * 1024, headMs: 30_000, bodyMs: 30_000 };

export const json = (value: unknown, status = 200): AdminAnswer => ({
  status,
  type: "application/json",
  body: `${JSON.stringify(value, undefined, 2)}\n`,
});
const text = (body: string, status = 200, headers: AdminAnswer["headers"] = {}): AdminAnswer => ({
  status,
  headers,
  body: `${body}\n`,
});

/** A body that is not read need not arrive: its connection is closed. */
const refusal = (reason: string, status: number, headers: Readonly<Record<string, string>> = {}) =>
  text(reason, status, { ...headers, connection: "close" });

/**
 * Health, metrics and what an operator does to the gateway. `AdminAccess` tells who may; RequestGuard keeps web sites
 * out. Every request that may change something is recorded in the audit log before it is answered.
 */
export class AdminServer {
  private readonly server: Server;
  private readonly routes: readonly AdminRoute[];
  private readonly guard: RequestGuard;
  private readonly refusedTokens: RefusedTokens;

  constructor(
    private readonly components: AdminComponents,
    { names, publicMetrics = false }: AdminSettings,
  ) {
    this.guard = new RequestGuard(names);
    this.refusedTokens = new RefusedTokens(components);
    this.routes = [...ownRoutes(components, publicMetrics), ...(components.routes ?? [])];
    const { headerBytes: maxHeaderSize, headMs: headersTimeout, connections } = SERVER_LIMITS;
    const create = components.createServer ?? createServer;
    // Uploads of pages may take long: `readJson` has a time limit of its own.
    this.server = create({ maxHeaderSize, headersTimeout, requestTimeout: 0 }, (request, response) => {
      if (components.pages?.(request, response) !== true)
        void this.answer(request).then((answer) => reply(request, response, answer));
    });
    this.server.maxConnections = connections;
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
    await this.refusedTokens.close();
  }

  private async answer(request: IncomingMessage): Promise<AdminAnswer> {
    try {
      const refused = this.guard.refusal(request.headers);
      if (refused !== undefined) return refusal(refused, 403);
      const { authorization } = request.headers;
      const address = addressOf(request);
      const requester = this.components.access.identify(authorization, address);
      if (requester.kind === "refused") {
        this.refusedTokens.note(address);
        const { status, reason, retrySeconds } = requester;
        return refusal(reason, status, retrySeconds === undefined ? CHALLENGE : { "retry-after": `${retrySeconds}` });
      }
      const by = requester.kind === "operator" ? requester.by : undefined;
      const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
      const method = request.method === "HEAD" ? "GET" : request.method;
      const here = this.routes.flatMap((route) => {
        const match = route.path.exec(path);
        return match ? [{ route, groups: match.slice(1).map(decoded) }] : [];
      });
      const found = here.find(({ route }) => route.method === method);
      // Strangers are not told which other paths there are.
      if (by === undefined) return await (found?.route.withoutToken?.() ?? unauthorized());
      if (here.length === 0) return text("not found", 404);
      if (!found) return text(`this path answers ${here.map(({ route }) => route.method).join(", ")}`, 405);
      const { route, groups } = found;
      if (route.method === "GET" || route.unrecorded)
        return await route.run(groups, await readJson(request), new URLSearchParams(query));
      return await this.act(route, groups, request, { by, path, query });
    } catch (error) {
      return failure(error);
    }
  }

  /** Runs what may change something, and records it. */
  private async act(
    route: AdminRoute,
    groups: readonly string[],
    request: IncomingMessage,
    { by, path, query }: { readonly by: string; readonly path: string; readonly query: string },
  ): Promise<AdminAnswer> {
    let body: unknown;
    const answer = await readJson(request)
      .then((read) => route.run(groups, (body = read), new URLSearchParams(query)))
      .catch(failure);
    await this.components.audit.record(routeRecord({ method: route.method, path, by, body, answer }));
    return answer;
  }
}

async function reply(request: IncomingMessage, response: ServerResponse, answer: AdminAnswer): Promise<void> {
  const { status, type = "text/plain; charset=utf-8", headers, body, stream } = answer;
  response.writeHead(status, { "content-type": type, ...headers });
  if (request.method === "HEAD") response.end();
  else if (!stream) response.end(body);
  // It fails when the client is gone, which is how it ends.
  else await pipeline(Readable.from(stream, { objectMode: false }), response).catch(() => undefined);
}

const CHALLENGE = { "www-authenticate": 'Bearer realm="cess-s3 admin"' };

const unauthorized = () =>
  Promise.resolve(
    refusal("the admin endpoint needs its token: send Authorization: Bearer TOKEN (admin.tokenFile)", 401, CHALLENGE),
  );

/** An IPv4 address may stand in an IPv6 one. */
const addressOf = ({ socket }: IncomingMessage) => (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");

function failure(error: unknown): AdminAnswer {
  // Of a body that is too large, the rest is not read.
  if (error instanceof AdminRefusal)
    return error.status === 400 ? refusal(error.message, 400) : text(error.message, error.status);
  return text(error instanceof Error ? error.message : String(error), 500);
}

/** What a route does not do, with the status and a message for the operator. */
export class AdminRefusal extends Error {
  constructor(
    readonly status: 400 | 404 | 409 | 503,
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
  const late = setTimeout(() => request.destroy(), SERVER_LIMITS.bodyMs);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_LIMIT_BYTES) throw new AdminRefusal(400, `the body is larger than ${BODY_LIMIT_BYTES} bytes`);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(late);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new AdminRefusal(400, "the body is not JSON");
  }
}

/** Load balancers and probes have no token: they learn whether, not why. */
export function ownRoutes(
  {
    metrics,
    health,
    unjournaledSeconds = () => undefined,
    dropCache,
  }: Pick<AdminComponents, "metrics" | "health" | "unjournaledSeconds" | "dropCache">,
  publicMetrics: boolean,
): AdminRoute[] {
  const live = () => Promise.resolve(text("live"));
  const measured = async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() });
  return [
    { method: "GET", path: /^\/health\/live$/, run: live, withoutToken: live },
    {
      method: "GET",
      path: /^\/health\/ready$/,
      run: () => {
        const reasons = health.unready();
        const ready = reasons.length === 0;
        return Promise.resolve(
          json(
            {
              status: ready ? "ready" : "not ready",
              reasons,
              warnings: health.warnings(),
              unjournaledSeconds: unjournaledSeconds(),
            },
            ready ? 200 : 503,
          ),
        );
      },
      withoutToken: () => {
        const ready = health.unready().length === 0;
        return Promise.resolve(json({ status: ready ? "ready" : "not ready" }, ready ? 200 : 503));
      },
    },
    {
      method: "GET",
      path: /^\/metrics$/,
      run: measured,
      ...(publicMetrics ? { withoutToken: measured } : {}),
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
