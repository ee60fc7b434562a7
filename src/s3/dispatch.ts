import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call, Gateway, RequestCall } from "../gateway/gateway.js";
import type { LoggedRequest } from "../model/access-log.js";
import type { Clock } from "../model/clock.js";
import { Waits } from "../model/waits.js";
import type { Sts } from "../sts/sts.js";
import { S3Error, toS3Error } from "../gateway/s3-error.js";
import { loggedRequest, type AccessFacts } from "./access-entry.js";
import { answeredRequest, type Answered } from "./answered.js";
import { checkBucketName, hostBucket, parseAddress, type Address } from "./address.js";
import { authenticate } from "./auth/authenticate.js";
import type { Credentials } from "./auth/credentials.js";
import { accessRequest, type Origin } from "./access-request.js";
import { corsHeaders, preflight } from "./cors.js";
import { dispatchDefaults, type DispatchSettings } from "./dispatch-settings.js";
import type { Drain } from "./drain.js";
import { errorResponse } from "./error-response.js";
import { readFormUpload } from "./form-upload.js";
import { IncomingBody, requestHead, targetPath } from "./incoming.js";
import { DeferredResponse, type AnyOperation, type S3Response } from "./operation.js";
import { operations } from "./operations/table.js";
import { unserved, type Unserved } from "./operations/unserved.js";
import { formRequest, pendingRequest, type PendingRequest } from "./pending-request.js";
import { HOST_ID, newRequestId } from "./request-ids.js";
import { RequestPlaces, type Place } from "./request-places.js";
import { requireRate, type RequestRates } from "./request-rates.js";
import { RequestClient } from "./request-client.js";
import type { RequestHead } from "./request.js";
import { Router } from "./router.js";
import { send, sendDeferred, type Exchange } from "./send.js";
import { StsEndpoint, isStsRequest } from "./sts/sts-endpoint.js";
import { serveWebsite } from "./website.js";
import { withWarnings } from "./with-warnings.js";
import { withQueryHeaders } from "./wire/query-headers.js";
import { screenHeaders } from "./wire/refused-headers.js";

/** The part of pino's Logger that this folder needs. */
export interface Log {
  error(fields: object, message: string): void;
}

export interface DispatchComponents {
  readonly gateway: Gateway;
  readonly credentials: Credentials;
  /** Issues temporary credentials; without it there is no STS API. */
  readonly sts?: Sts;
  readonly clock: Clock;
  readonly logger: Log;
  /** How far the end of the process has come; it never ends, when absent. */
  readonly drain?: Pick<Drain, "headers" | "requireOpen">;
  /**
   * Awaited for each request before anything of it is decided: policies and keys are then as new as the request, also
   * those that other processes have changed.
   */
  readonly current?: () => Promise<void>;
  /** Called as each request arrives, and with the answer to each. */
  readonly onArrival?: () => void;
  /** How often one client may ask; without it, as often as it likes. */
  readonly rates?: RequestRates;
  readonly onAnswer?: (answer: Answered) => void;
  /** Serves a request by calling `serve`, within a span of a trace. */
  readonly trace?: (request: IncomingMessage, serve: () => Promise<Answered>) => Promise<unknown>;
  /** Called with each answered request about a bucket, for the bucket's access log. */
  readonly onAccess?: (request: LoggedRequest) => void;
}

/** Facts about a request for error answers and the log, collected while it is served. */
interface Progress {
  readonly requestId: string;
  readonly hostId: string;
  readonly resource: string;
  /** CORS headers of the answer. */
  readonly cors: Record<string, string | number | undefined>;
  operation: string;
}

/** An exchange with its facts for the access log. */
type Served = Exchange & {
  readonly client: RequestClient;
  readonly facts: AccessFacts;
  readonly waits: Waits;
  place?: Place;
};

const router = new Router<AnyOperation | Unserved>([...operations, ...unserved]);

function notImplemented({ name }: Unserved, progress: Progress): S3Error {
  progress.operation = name;
  return new S3Error("NotImplemented", { message: `${name} is not implemented.`, fields: { Operation: name } });
}

/** The operation of a matched row. NotImplemented; MethodNotAllowed without a row. */
function served(
  row: AnyOperation | Unserved | undefined,
  { method }: RequestHead,
  { scope }: Address,
  progress: Progress,
): AnyOperation {
  if (!row) throw new S3Error("MethodNotAllowed", { fields: { Method: method, ResourceType: scope.toUpperCase() } });
  if (!("run" in row)) throw notImplemented(row, progress);
  progress.operation = row.name;
  return row;
}

/** Serves requests: authenticate → match → permit → read → parse → run → render → send, with one catch for all steps. */
export class Dispatcher {
  private readonly components: DispatchComponents;
  private readonly settings: DispatchSettings;
  /** The last of each connection. */
  private readonly exchanges = new WeakMap<object, Exchange>();
  private readonly places: RequestPlaces;
  private readonly sts: StsEndpoint | undefined;

  constructor(components: DispatchComponents, settings: Partial<DispatchSettings> = {}) {
    this.components = components;
    this.settings = { ...dispatchDefaults, ...settings };
    this.places = new RequestPlaces(this.settings);
    const { sts } = components;
    this.sts = sts && new StsEndpoint({ ...components, sts }, this.settings);
  }

  /** Never rejects: a failure becomes an error answer, or closes the connection if an answer has begun. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { trace } = this.components;
    if (trace) await trace(request, () => this.exchange(request, response));
    else await this.exchange(request, response);
  }

  private async exchange(request: IncomingMessage, response: ServerResponse): Promise<Answered> {
    const begun = this.components.clock.now();
    const progress: Progress = {
      requestId: newRequestId(),
      hostId: HOST_ID,
      resource: targetPath(request),
      operation: "Unknown",
      cors: {},
    };
    const exchange: Served = {
      request,
      response,
      client: new RequestClient(response),
      body: new IncomingBody(request, response, this.settings.bodyIdleMs),
      headers: {},
      sent: 0,
      facts: {},
      waits: new Waits(),
    };
    this.components.onArrival?.();
    this.exchanges.set(request.socket, exchange);
    try {
      const status = await this.answer(exchange, progress);
      const ms = this.components.clock.now() - begun;
      const answered = answeredRequest(exchange, progress, status, ms);
      this.components.onAnswer?.(answered);
      const logged = loggedRequest(exchange, exchange.facts, progress, { time: begun, status, totalMs: ms });
      if (logged) this.components.onAccess?.(logged);
      return answered;
    } finally {
      exchange.place?.leave();
    }
  }

  /** The last request that came over a connection, until its answer is sent. */
  underWay(socket: object): Pick<Exchange, "request" | "response" | "body"> | undefined {
    const exchange = this.exchanges.get(socket);
    return exchange?.response.writableFinished === false ? exchange : undefined;
  }

  private async answer(exchange: Served, progress: Progress): Promise<number> {
    const begun = this.components.clock.now();
    const { client } = exchange;
    const refusal = (failure: unknown) => {
      const refused = this.refusal(failure, progress, client);
      // A failure because the client hung up is not the server's, and no error is sent to the client.
      if (client.isGone || exchange.body.isCut) exchange.facts.hungUp = true;
      else exchange.facts.errorCode = refused.kind;
      return errorResponse(refused, progress);
    };
    let answer: S3Response | DeferredResponse<S3Response>;
    try {
      answer = await this.serve(exchange, progress);
    } catch (failure) {
      answer = refusal(failure);
    }
    exchange.facts.servedMs = this.components.clock.now() - begun;
    try {
      const headers = {
        "x-amz-request-id": progress.requestId,
        "x-amz-id-2": progress.hostId,
        Server: "cess-s3",
        ...progress.cors,
        ...this.components.drain?.headers,
      };
      let sent = answer;
      if (sent instanceof DeferredResponse) {
        sent = await sendDeferred(exchange, sent.result.catch(refusal), headers, this.settings);
        // By then a first space was sent.
        exchange.facts.servedMs = Math.min(this.components.clock.now() - begun, this.settings.keepAliveMs);
      } else await send(exchange, sent, headers, this.settings);
      return exchange.facts.hungUp ? CLIENT_CLOSED_REQUEST : sent.status;
    } catch (failure) {
      if (!client.isGone && !isReset(failure))
        this.components.logger.error({ ...progress, err: failure }, "an answer broke off");
      exchange.response.destroy();
      return CLIENT_CLOSED_REQUEST;
    }
  }

  private async serve(exchange: Served, progress: Progress): Promise<S3Response | DeferredResponse<S3Response>> {
    this.components.drain?.requireOpen();
    const place = (exchange.place = this.places.enter());
    const head = requestHead(exchange.request);
    const origin = this.origin(exchange, head);
    requireRate(this.components.rates?.address(origin.address));
    await this.components.current?.();
    const { domain, websiteDomain } = this.settings;
    const { documents } = this.components.gateway;
    const host = head.headers.get("host") ?? "";
    const site = hostBucket(host, websiteDomain);
    if (site !== undefined) return this.serveSite(exchange, progress, head, site);
    const address = parseAddress(host, head.path, domain);
    Object.assign(exchange.facts, { head, address, from: origin.address });
    // Browsers do not sign preflight requests.
    if (head.method === "OPTIONS") return preflight(head, address, documents);
    Object.assign(progress.cors, await corsHeaders(head, address, documents));
    if (this.sts && isStsRequest(head, address)) return this.serveSts(this.sts, exchange, progress, head);
    const row = router.match(head, address.scope);
    if (row && "form" in row) return this.serveForm(exchange, progress, head, address);
    // NotImplemented comes before authentication: MinIO's clients sign repeated parameters (ListenNotification) in a way
    // that S3's rules do not verify.
    if (row && !("run" in row)) throw notImplemented(row, progress);
    const authentication = await authenticate(head, this.components, {
      region: this.signedRegion,
      hostBucket: hostBucket(host, domain),
    });
    exchange.facts.authentication = authentication;
    const { presigned, accessKey, version } = authentication;
    if (accessKey) {
      place.identify();
      requireRate(this.components.rates?.key(accessKey.accessKeyId));
    } else place.requireAnonymousRoom();
    // Parameters of a presigned request replace headers, which may select another operation.
    const effective = presigned && version ? withQueryHeaders(head, version) : head;
    const operation = served(presigned ? router.match(effective, address.scope) : row, head, address, progress);
    if (address.scope !== "service") checkBucketName(address.bucket);
    const request = pendingRequest(effective, address, authentication, operation, exchange.body, this.settings);
    const access = accessRequest(effective, address, authentication, operation, origin, request);
    const { account } = request;
    const { requestId } = progress;
    const call = { account, client: exchange.client, access, requestId, waits: exchange.waits, warnings: [] };
    return this.run(operation, request, call);
  }

  private serveSts(
    sts: StsEndpoint,
    { client, body, place, facts }: Served,
    progress: Progress,
    head: RequestHead,
  ): Promise<S3Response> {
    return sts.serve(head, {
      requestId: progress.requestId,
      source: body,
      anonymous: () => place?.requireAnonymousRoom(),
      named: (action) => void (progress.operation = action),
      authenticated: (accessKey) => {
        place?.identify();
        facts.authentication = { accessKey, payload: { kind: "unsigned" }, presigned: false, version: 4 };
        requireRate(this.components.rates?.key(accessKey.accessKeyId));
      },
      refused: (failure) => this.refusal(failure, progress, client),
      answered: (code) => void (facts.errorCode = code),
    });
  }

  private async serveSite(
    exchange: Served,
    progress: Progress,
    head: RequestHead,
    bucket: string,
  ): Promise<S3Response> {
    const { gateway } = this.components;
    exchange.place?.requireAnonymousRoom();
    const address = { scope: "object", bucket, key: "" } as const;
    Object.assign(exchange.facts, {
      head,
      address: { ...address, key: head.path.slice(1) },
      from: this.origin(exchange, head).address,
    });
    progress.operation = "Website";
    if (head.method === "OPTIONS") return preflight(head, address, gateway.documents);
    Object.assign(progress.cors, await corsHeaders(head, address, gateway.documents));
    return serveWebsite(gateway, {
      head,
      bucket,
      origin: this.origin(exchange, head),
      region: this.settings.region,
      client: exchange.client,
      at: progress,
    });
  }

  /** The form's fields name the requester and the key. */
  private async serveForm(
    exchange: Served,
    progress: Progress,
    head: RequestHead,
    target: Address,
  ): Promise<S3Response | DeferredResponse<S3Response>> {
    const operation = served(router.match(head, target.scope), head, target, progress);
    checkBucketName(target.bucket);
    exchange.place?.requireAnonymousRoom();
    const form = await readFormUpload(head, target, exchange.body, this.components, {
      ...this.settings,
      region: this.signedRegion,
    });
    const { address, authentication } = form;
    if (authentication.accessKey) exchange.place?.identify();
    Object.assign(exchange.facts, { address, authentication });
    try {
      if (authentication.accessKey) requireRate(this.components.rates?.key(authentication.accessKey.accessKeyId));
      const request = formRequest(form, this.settings);
      const origin = this.origin(exchange, head);
      const access = accessRequest(form.head, address, authentication, operation, origin, request);
      const { account } = request;
      const { requestId } = progress;
      const call = { account, client: exchange.client, access, requestId, waits: exchange.waits, warnings: [] };
      return await this.run(operation, request, call);
    } finally {
      await form.close();
    }
  }

  private async run(
    operation: AnyOperation,
    request: PendingRequest,
    call: RequestCall & { readonly warnings: string[] },
  ): Promise<S3Response | DeferredResponse<S3Response>> {
    const permitted = await this.permit(operation, request, call);
    screenHeaders(request.headers);
    await request.read();
    const output = await operation.run(this.components.gateway, operation.parse(request), permitted);
    if (!(output instanceof DeferredResponse)) return withWarnings(operation.render(output), call.warnings);
    return new DeferredResponse(output.result.then((result) => operation.render(result)));
  }

  /** Decides before the request is parsed, so that only permitted requesters are told what is wrong with a request. */
  private async permit(operation: AnyOperation, request: PendingRequest, call: RequestCall): Promise<Call> {
    const { access } = this.components.gateway;
    try {
      if (!operation.conditions) return await access.permit(call);
      // Policies may have conditions on the document, so it must be read before the decision.
      const reading = request.read();
      // The decision comes first, even if reading failed: only permitted requesters are told about the document.
      await Promise.allSettled([reading]);
      const permitted = await access.permit(call);
      await reading;
      return permitted;
    } catch (failure) {
      if (!operation.refusalTellsRegion || !(failure instanceof S3Error) || failure.kind !== "AccessDenied")
        throw failure;
      const headers = { ...failure.details.headers, "x-amz-bucket-region": this.settings.region };
      throw new S3Error(failure.kind, { ...failure.details, headers });
    }
  }

  /** The region that requests must be signed for; undefined: any. */
  private get signedRegion(): string | undefined {
    return this.settings.acceptAnyRegion ? undefined : this.settings.region;
  }

  private origin({ request }: Exchange, { headers }: RequestHead): Origin {
    const { remoteAddress = "" } = request.socket;
    const forwarded = this.settings.trustProxy ? headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
    const protocol = this.settings.trustProxy ? headers.get("x-forwarded-proto") : undefined;
    return {
      address: (forwarded ?? remoteAddress).replace(/^::ffff:(?=\d+\.)/, ""),
      now: this.components.clock.now(),
      secure: protocol === undefined ? "encrypted" in request.socket : protocol === "https",
    };
  }

  private refusal(failure: unknown, progress: Progress, client: RequestClient): S3Error {
    const refused = toS3Error(failure);
    if (refused) return refused;
    if (!client.isGone) this.components.logger.error({ ...progress, err: failure }, "a request failed");
    return new S3Error("InternalError", { cause: failure });
  }
}

/** The status in metrics and logs of a request whose client hung up, in its body or in the answer. nginx's number. */
const CLIENT_CLOSED_REQUEST = 499;

/** Whether a write failed because the client hung up. The write fails before the response's `close` event. */
function isReset(failure: unknown): boolean {
  const { code, syscall } = failure as NodeJS.ErrnoException;
  return syscall === "write" && (code === "ECONNRESET" || code === "EPIPE");
}
