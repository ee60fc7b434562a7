import type { IncomingMessage, ServerResponse } from "node:http";
import { FOREIGN_HEADERS } from "./page-headers.js";
import { isSigned, type S3App } from "./s3-app.js";

/** What the page loads objects as; no `document`, `iframe`, `script` or `style` is among it. */
const DESTINATIONS = new Set(["empty", "image", "video", "audio"]);

/**
 * Hands requests of the page to the S3 app of this process, under the page's own origin: the browser needs no second
 * address, and S3 no CORS. They are signed for this host and for the path that S3 sees.
 *
 * Objects are of this origin then, in a browser's eyes. So none of them is answered as a page: only what was asked for by
 * script, picture or player, or as a download, and always with a policy that allows neither script nor origin.
 */
export class S3Relay {
  constructor(private readonly app: S3App) {}

  /**
   * `target` is what follows `/console/s3/`: path and query as S3 gets them, the path encoded once more as one segment,
   * because browsers resolve `.` and `..` in paths, which are ordinary parts of keys.
   */
  handle(request: IncomingMessage, response: ServerResponse, target: string): void {
    const at = target.indexOf("?");
    const [path, query] = [decoded(at < 0 ? target : target.slice(0, at)), at < 0 ? "" : target.slice(at)];
    const refusal = refusalOf(request, path, query);
    if (path === undefined || refusal !== undefined) {
      const { status, reason } = refusal ?? MALFORMED;
      response.writeHead(status, {
        ...FOREIGN_HEADERS,
        "content-type": "text/plain; charset=utf-8",
        connection: "close",
      });
      response.end(`${reason}\n`);
      return;
    }
    request.url = `${path}${query}`;
    for (const [name, value] of Object.entries(FOREIGN_HEADERS)) response.setHeader(name, value);
    void this.app(request, response);
  }
}

const MALFORMED = { status: 400, reason: "the path is not that of a request to S3" };

function refusalOf(request: IncomingMessage, path: string | undefined, query: string): typeof MALFORMED | undefined {
  if (!isSigned(request)) return { status: 403, reason: "requests to S3 must be signed here" };
  if (path === undefined || !/^\/[\x21-\x7e]*$/.test(path) || path.includes("?")) return MALFORMED;
  const { "sec-fetch-dest": destination, "service-worker": worker } = request.headers;
  const shown = typeof destination === "string" && !DESTINATIONS.has(destination) && !isDownload(query);
  if (shown || worker !== undefined)
    return { status: 403, reason: "objects are not shown as pages here: download them, or use the S3 endpoint" };
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Whether the answer will be saved as a file. The parameter is signed, and S3 answers with it. */
function isDownload(query: string): boolean {
  return /^attachment(?:;|$)/.test(new URLSearchParams(query).get("response-content-disposition") ?? "");
}
