import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { AdminRefusal, type AdminAnswer } from "../../admin/admin-server.js";
import { abortable } from "../../async/abort.js";
import { Semaphore } from "../../async/semaphore.js";
import { TokenBuckets } from "../../async/token-buckets.js";
import type { ConsoleOwners } from "../../console/console-handler.js";
import { S3Error, toS3Error } from "../../gateway/s3-error.js";
import type { Account } from "../../model/account.js";
import { KIB } from "../../model/sizes.js";
import { authenticateDocument } from "../../s3/auth/authenticate.js";
import type { DispatchComponents } from "../../s3/dispatch.js";
import { errorResponse } from "../../s3/error-response.js";
import { requestHead } from "../../s3/incoming.js";
import { HOST_ID, newRequestId } from "../../s3/request-ids.js";
import { requireRate } from "../../s3/request-rates.js";
import { readShort } from "../../streams/short-body.js";
import { clientAddress } from "./request-rates.js";

/** What an account is answered about itself. `path` follows `/console/owner`. */
export interface OwnerRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Rejects with AdminRefusal. */
  run(account: Account, query: URLSearchParams, body: unknown): Promise<AdminAnswer>;
}

export interface OwnerComponents extends Pick<
  DispatchComponents,
  "credentials" | "clock" | "logger" | "current" | "rates"
> {
  readonly routes: readonly OwnerRoute[];
}

/** The service that requests are signed for: no signature for S3 counts here, and none of here counts for S3. */
const SERVICE = "cess-s3-console";
const ROOT = "/console/owner";
const BODY = { bytes: 64 * KIB, ms: 10_000 };
/** Of one account: requests a second, and at once. Each asks the chain several things. */
const RATE = { perSecond: 1, burst: 20 };
/** Requests at a time, of all and of one account; a signed call is waited for until it is final. */
const PLACES = { permits: 64, permitsPerGroup: 4 };

/**
 * What owners ask of the gateway about their own account, beside S3: signed with an access key in the Authorization header
 * by Signature V4, the body with it. The account is the key's owner, whatever the request says.
 */
export class OwnerRequests implements ConsoleOwners {
  private readonly rate: TokenBuckets;
  private readonly places = new Semaphore(PLACES);

  constructor(
    private readonly components: OwnerComponents,
    private readonly settings: { readonly region: string; readonly trustProxy: boolean },
  ) {
    this.rate = new TokenBuckets(components.clock, RATE);
  }

  /** Never rejects. Refusals by S3's rules are S3's errors in XML, others plain text. */
  async answer(request: IncomingMessage): Promise<AdminAnswer> {
    try {
      return await this.run(request);
    } catch (error) {
      if (error instanceof AdminRefusal) return { status: error.status, body: `${error.message}\n` };
      const requestId = newRequestId();
      const refused = toS3Error(error);
      if (!refused) this.components.logger.error({ requestId, err: error }, "a request of the console failed");
      return s3Refusal(refused ?? new S3Error("InternalError", { cause: error }), request, requestId);
    }
  }

  private async run(request: IncomingMessage): Promise<AdminAnswer> {
    const { rates, current, routes } = this.components;
    requireRate(rates?.address(clientAddress(request, this.settings.trustProxy)));
    // Of strangers no body is read.
    if (request.headers.authorization === undefined) throw unsigned();
    const body = await wholeBody(request);
    await current?.();
    const head = requestHead(request);
    const sha256 = createHash("sha256").update(body).digest("hex");
    const signedFor = { service: SERVICE, regions: [this.settings.region] };
    const key = await authenticateDocument(head, sha256, this.components, signedFor);
    if (!key) throw unsigned();
    const { account } = key;
    requireRate(rates?.key(key.accessKeyId));
    const route = routes.find(({ method, path }) => method === head.method && head.path === `${ROOT}${path}`);
    if (!route) throw new AdminRefusal(404, `there is no ${head.method} ${head.path.slice(0, 200)}`);
    requireRate(this.rate.take(account.id));
    const leave = this.places.tryAcquire({ group: account.id });
    if (!leave) throw new S3Error("SlowDown");
    try {
      const [, query = ""] = (request.url ?? "").split("?", 2);
      return await route.run(account, new URLSearchParams(query), parsed(body));
    } finally {
      leave();
    }
  }
}

const unsigned = () =>
  new S3Error("AccessDenied", { message: "Requests must be signed here, in the Authorization header." });

/** Rejects with S3Error. */
async function wholeBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new S3Error("EntityTooLarge", { message: `The body may have ${BODY.bytes} bytes.` });
  const late = AbortSignal.timeout(BODY.ms);
  // The answer still needs the connection when it is not read to its end.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  return abortable(readShort(chunks, BODY.bytes, tooLarge), [late]).catch((error: unknown) => {
    throw error === late.reason ? new S3Error("RequestTimeout") : error;
  });
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new AdminRefusal(400, "the body is not JSON");
  }
}

function s3Refusal(error: S3Error, { url = "" }: IncomingMessage, requestId: string): AdminAnswer {
  const [resource = ""] = url.split("?", 1);
  const answer = errorResponse(error, { requestId, hostId: HOST_ID, resource });
  const { status, headers, body } = answer;
  const texts = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, `${value}`]]));
  return {
    status,
    headers: Object.fromEntries(texts) as Record<string, string>,
    body: typeof body === "string" ? body : "",
  };
}
