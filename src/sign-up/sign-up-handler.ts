import type { IncomingMessage, ServerResponse } from "node:http";
import { abortable } from "../async/abort.js";
import { SemaphoreFull } from "../async/semaphore.js";
import { isProblem } from "../model/errors.js";
import { KIB } from "../model/sizes.js";
import { readShort } from "../streams/short-body.js";
import type { Authorizations } from "./authorizations.js";
import { SignUpRefusal, tooOften } from "./refusal.js";
import { authorizationRequest, challengeRequest, keyRequest, revokeRequest } from "./requests.js";
import type { SignUpService } from "./sign-up-service.js";

export interface SignUpHandlerComponents {
  readonly service: SignUpService;
  readonly authorizations: Authorizations;
  readonly log: { warn(fields: object, message: string): void };
  /** The requester's address, which a proxy in front may have said. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** How often an address may ask: how long to wait, ms, or 0. */
  readonly rate: { take(address: string): number };
}

export interface SignUpHandlerSettings {
  /** Origins of web pages that may ask from browsers, such as `https://wallet.example.com`. */
  readonly origins: readonly string[];
  /** For a body to arrive, ms; 10 s by default. */
  readonly bodyMs?: number;
}

/** Bytes of a body. */
const BODY_LIMIT = 8 * KIB;
const BODY_MS = 10_000;
/** Requests at a time. */
const MAX_REQUESTS = 64;

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = (body: unknown, from: string) => Promise<Answer>;

/**
 * The HTTP side of sign-up: JSON under `/v1/`. Refusals are `{code, message}`. Requests must be of type application/json,
 * which no web page can send from a browser unless its origin is listed.
 */
export class SignUpHandler {
  /** Paths below it are for this handler. */
  static readonly PATH = "/v1";
  private requests = 0;

  constructor(
    private readonly components: SignUpHandlerComponents,
    private readonly settings: SignUpHandlerSettings,
  ) {}

  /** Never rejects: a failure becomes an answer. `signal`: the requester is gone, or the listener closes. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> => {
    this.requests++;
    const cors = this.cors(request);
    const answer = await this.answer(request, signal).catch((error: unknown) => this.refused(error, signal));
    this.requests--;
    if (response.destroyed || response.headersSent) return;
    const body = answer.body === undefined ? "" : `${JSON.stringify(answer.body)}\n`;
    response.writeHead(answer.status, {
      ...(answer.body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // What was not read to its end cannot be followed by another request.
      ...(request.complete ? {} : { connection: "close" }),
      ...cors,
      ...answer.headers,
    });
    response.end(body);
  };

  private async answer(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const { method = "", url = "" } = request;
    const routes = this.routes(url.split("?", 1)[0] ?? "");
    if (!routes) throw new SignUpRefusal(404, "NotFound", "There is nothing at this path.");
    if (method === "OPTIONS") return { status: 204, body: undefined };
    const route = routes[method];
    if (!route) {
      const allow = [...Object.keys(routes), "OPTIONS"].join(", ");
      throw new SignUpRefusal(405, "MethodNotAllowed", `This path takes ${allow}.`, { headers: { allow } });
    }
    const from = this.components.addressOf(request);
    const waitMs = this.components.rate.take(from);
    if (waitMs > 0) throw tooOften(waitMs);
    if (this.requests > MAX_REQUESTS) throw busy();
    return route(await jsonBody(request, this.settings.bodyMs ?? BODY_MS, signal), from);
  }

  private routes(path: string): Readonly<Record<string, Route>> | undefined {
    const { service, authorizations } = this.components;
    if (path === "/v1/challenges")
      return {
        POST: async (body) => {
          const { account, purpose } = challengeRequest(body);
          return { status: 201, body: await service.challenge(account, purpose) };
        },
      };
    if (path === "/v1/keys")
      return {
        POST: async (body, from) => {
          const { territory, ...signed } = keyRequest(body);
          return { status: 201, body: await service.createKey(signed, territory, from) };
        },
      };
    if (path === "/v1/authorizations")
      return {
        POST: async (body, from) => ({
          status: 200,
          body: await authorizations.submit(authorizationRequest(body), from),
        }),
      };
    const [, id] = /^\/v1\/keys\/([A-Za-z0-9-]{1,128})$/.exec(path) ?? [];
    if (id === undefined) return undefined;
    return {
      DELETE: async (body, from) => ({ status: 200, body: await service.revokeKey(revokeRequest(body), id, from) }),
    };
  }

  private cors({ headers: { origin } }: IncomingMessage): Readonly<Record<string, string>> {
    if (this.settings.origins.length === 0) return {};
    if (origin === undefined || !this.settings.origins.includes(origin)) return { vary: "origin" };
    return {
      vary: "origin",
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "POST, DELETE",
      "access-control-allow-headers": "content-type",
      "access-control-expose-headers": "retry-after",
      "access-control-max-age": "600",
    };
  }

  private refused(error: unknown, signal: AbortSignal): Answer {
    const { status, code, message, more } = toRefusal(error);
    if (status === 500 && !signal.aborted) this.components.log.warn({ err: error }, "a request for sign-up failed");
    return { status, body: { code, message, ...more.members }, ...(more.headers && { headers: more.headers }) };
  }
}

function toRefusal(error: unknown): SignUpRefusal {
  if (error instanceof SignUpRefusal) return error;
  if (error instanceof SemaphoreFull || isProblem(error, "overloaded", "catalogBusy", "dependencyUnavailable"))
    return busy();
  const name = error instanceof Error ? error.name : "";
  if (name === "ChainUnavailable")
    return new SignUpRefusal(503, "ChainUnavailable", "The chain does not answer: try again later.", retryLater);
  if (name === "ExtrinsicLost")
    return new SignUpRefusal(503, "NotIncluded", "The chain has not taken the authorization: try again.", retryLater);
  return new SignUpRefusal(500, "InternalError", "The gateway failed. Its log has the reason.");
}

const retryLater = { headers: { "retry-after": "30" } };
const busy = () =>
  new SignUpRefusal(503, "Busy", "The gateway has too many requests: try again.", { headers: { "retry-after": "1" } });

/** The body of a request, parsed. Rejects with SignUpRefusal, and with the signal's reason. */
async function jsonBody(request: IncomingMessage, bodyMs: number, signal: AbortSignal): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    throw new SignUpRefusal(415, "UnsupportedMediaType", "The body must be JSON: content-type application/json.");
  const timeout = AbortSignal.timeout(bodyMs);
  const body = await abortable(wholeBody(request), [signal, timeout]).catch((error: unknown) => {
    if (error !== timeout.reason) throw error;
    throw new SignUpRefusal(408, "RequestTimeout", `The body did not arrive within ${bodyMs / 1000} s.`);
  });
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new SignUpRefusal(400, "InvalidRequest", "The body is not JSON.", { cause });
  }
}

async function wholeBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_LIMIT) throw tooLarge();
  // The answer still needs the connection when it is not read to its end.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  return (await readShort(body, BODY_LIMIT, tooLarge)).toString("utf8");
}

const tooLarge = () => new SignUpRefusal(413, "TooLarge", `The body may have ${BODY_LIMIT} bytes.`);
