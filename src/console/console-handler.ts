import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestGuard } from "../admin/request-guard.js";
import type { ConsoleFacts } from "./facts.js";
import { encodingFor, type PageFiles } from "./page-files.js";
import { FOREIGN_HEADERS, PAGE_HEADERS } from "./page-headers.js";
import { inquire, isSigned, type S3App } from "./s3-app.js";
import { S3Relay } from "./s3-relay.js";

/** What owners may see of their own; undefined when there is none. */
export interface ConsoleInsight {
  object(bucket: string, key: string, versionId: string | undefined): Promise<object | undefined>;
  bucket(bucket: string): Promise<object | undefined>;
}

/** What owners ask about their own account, below `/console/owner/`, by requests that they sign. */
export interface ConsoleOwners {
  /** Never rejects. */
  answer(request: IncomingMessage): Promise<OwnerAnswer>;
}

interface OwnerAnswer {
  readonly status: number;
  /** Plain text by default. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ConsoleComponents {
  readonly page: PageFiles;
  /** S3 without domains: paths alone name buckets. */
  readonly s3: S3App;
  readonly insight: ConsoleInsight;
  readonly owners: ConsoleOwners;
  readonly guard: Pick<RequestGuard, "refusal">;
  readonly facts: () => ConsoleFacts;
  readonly log: { error(fields: object, message: string): void };
}

const ROOT = "/console";

/**
 * The console for browsers, below `/console`: the page, S3 under the page's origin, and what owners may see of their
 * objects. Strangers get the page and nothing else.
 */
export class ConsoleHandler {
  private readonly relay: S3Relay;

  constructor(private readonly components: ConsoleComponents) {
    this.relay = new S3Relay(components.s3);
  }

  /** Whether the request is the console's; it is answered then. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = request.url ?? "";
    const [path = ""] = url.split("?", 1);
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) return false;
    if (path === ROOT) {
      send(request, response, 308, "", { ...PAGE_HEADERS, location: `${ROOT}/` });
      return true;
    }
    const rest = url.slice(ROOT.length + 1);
    // A link to the page may stand anywhere. What it asks for may be asked by the page alone.
    const refused = this.components.guard.refusal(isPage(request) ? { host: request.headers.host } : request.headers);
    if (refused !== undefined) send(request, response, 403, `${refused}\n`, FOREIGN_HEADERS);
    else if (rest.startsWith("s3/")) this.relay.handle(request, response, rest.slice("s3/".length));
    else if (rest.startsWith("owner/")) void this.answerOwner(request, response);
    else if (request.method !== "GET" && request.method !== "HEAD")
      send(request, response, 405, "GET and HEAD are answered here\n", FOREIGN_HEADERS);
    else if (rest.startsWith("objects/") || rest.startsWith("buckets/"))
      void this.answerInsight(request, response, rest);
    else if (path === `${ROOT}/gateway.json`) sendJson(request, response, 200, this.components.facts());
    else this.answerPage(request, response, path.slice(ROOT.length + 1));
    return true;
  };

  private answerPage(request: IncomingMessage, response: ServerResponse, name: string): void {
    const file = this.components.page.get(name);
    if (!file) {
      const built = this.components.page.get("") !== undefined;
      const reason = built ? "not found\n" : "the console is not built: npm run build\n";
      send(request, response, built ? 404 : 503, reason, FOREIGN_HEADERS);
      return;
    }
    const { type, etag, immutable } = file;
    const headers = {
      ...PAGE_HEADERS,
      etag,
      "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "Accept-Encoding",
    };
    if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
      response.writeHead(304, headers).end();
      return;
    }
    const { body, encoding } = encodingFor(file, request.headers["accept-encoding"]?.toString() ?? "");
    send(request, response, 200, body, {
      ...headers,
      "content-type": type,
      ...(encoding && { "content-encoding": encoding }),
    });
  }

  private async answerOwner(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, headers, body } = await this.components.owners.answer(request);
    send(request, response, status, body, {
      ...headers,
      ...FOREIGN_HEADERS,
      ...(type !== undefined && { "content-type": type }),
      // What was not read to its end cannot be followed by another request.
      ...(!request.complete && { connection: "close" }),
    });
  }

  /** Signed is HEAD of the bucket or object: whoever may do that may see how it is kept. */
  private async answerInsight(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    const refuse = (status: number, reason: string) => send(request, response, status, `${reason}\n`, FOREIGN_HEADERS);
    try {
      const [encoded = "", query = ""] = rest.slice("objects/".length).split("?", 2);
      const path = decodeURIComponent(encoded);
      const [, bucket = "", key = ""] = /^\/([^/]+)(?:\/(.*))?$/s.exec(path) ?? [];
      if (!isSigned(request) || bucket === "" || (key === "") !== rest.startsWith("buckets/")) {
        refuse(403, "HEAD of what is asked for must be signed");
        return;
      }
      const asked = await inquire(this.components.s3, request, query === "" ? path : `${path}?${query}`);
      const version = asked.getHeader("x-amz-version-id");
      const found =
        asked.statusCode === 200
          ? await this.insightOf(bucket, key, typeof version === "string" ? version : undefined)
          : undefined;
      if (found) sendJson(request, response, 200, found);
      else refuse(asked.statusCode === 200 ? 404 : asked.statusCode, `S3 answers ${asked.statusCode}`);
    } catch (error) {
      if (error instanceof URIError) {
        refuse(400, "the path is not percent-encoded");
        return;
      }
      this.components.log.error({ err: error }, "a request of the console failed");
      refuse(500, "the gateway failed: its log has the reason");
    }
  }

  /** `bucket` and `key` are percent-encoded. */
  private insightOf(bucket: string, key: string, version: string | undefined): Promise<object | undefined> {
    const { insight } = this.components;
    const name = decodeURIComponent(bucket);
    return key === "" ? insight.bucket(name) : insight.object(name, decodeURIComponent(key), version);
  }
}

/** Whether a request is for the page itself, and not for data. */
function isPage({ url = "" }: IncomingMessage): boolean {
  return !/^\/console\/(?:s3|objects|buckets|owner)\//.test(url);
}

function sendJson(request: IncomingMessage, response: ServerResponse, status: number, value: object): void {
  const headers = { ...FOREIGN_HEADERS, "content-type": "application/json" };
  send(request, response, status, `${JSON.stringify(value)}\n`, headers);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
