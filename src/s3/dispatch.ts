import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call, Gateway } from "../gateway/gateway.js";
import type { AccessEntry } from "../model/access-log.js";
import type { Clock } from "../model/clock.js";
import { S3Error, toS3Error } from "../gateway/s3-error.js";
import { accessEntry, type AccessFacts } from "./access-entry.js";
import { checkBucketName, hostBucket, parseAddress, type Address } from "./address.js";
import { authenticate, type Authentication } from "./auth/authenticate.js";
import type { Credentials } from "./auth/credentials.js";
import { accountOf, callAccess, type Origin } from "./call-access.js";
import { corsHeaders, preflight } from "./cors.js";
import { errorResponse } from "./error-response.js";
import { readFormUpload, type FormUpload } from "./form-upload.js";
import { IncomingBody, requestHead, withQueryHeaders } from "./incoming.js";
import { DeferredResponse, type AnyOperation, type S3Response } from "./operation.js";
import { operations } from "./operations/table.js";
import { unserved, type Unserved } from "./operations/unserved.js";
import type { RequestHead, S3Request } from "./request.js";
import { Router } from "./router.js";
import { send, sendLate, type Exchange } from "./send.js";
import { serveWebsite } from "./website.js";
import { readDocument } from "./wire/document-body.js";
import { screenHeaders } from "./wire/refused-headers.js";
import { requestBody, requireDigest } from "./wire/request-body.js";

/** The part of a logger that the wire needs; pino's fits. */
export interface Log {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One request answered, for metrics. */
export interface Answered {
  readonly operation: string;
  readonly status: number;
  /** Milliseconds from the request's head to the answer's end. */
  readonly ms: number;
}

export interface DispatchComponents {
  readonly gateway: Gateway;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly logger: Log;
  readonly onAnswer?: (answer: Answered) => void;
  /** One request to a bucket answered, for the bucket's access log. */
  readonly onAccess?: (entry: AccessEntry) => void;
}

export interface DispatchSettings {
  readonly region: string;
  /** Virtual hosts hang under it; without it there is path style alone. */
  readonly domain?: string;
  /** Hosts under it are buckets shown as websites; there are none without it. */
  readonly websiteDomain?: string;
  /** Requests served at a time; more are answered SlowDown. */
  readonly maxRequests: number;
  /** Largest body of a PUT, in bytes. */
  readonly maxBodyBytes: number;
  /** A client that sends nothing of its body for so many milliseconds gets RequestTimeout. */
  readonly bodyIdleMs: number;
  readonly keepAliveMs: number;
  /** A client that takes nothing of an answer for so many milliseconds is cut off. */
  readonly readIdleMs: number;
  /** The client's address and scheme are what the nearest proxy says in X-Forwarded-For and X-Forwarded-Proto. */
  readonly trustProxy: boolean;
}

export const dispatchDefaults: DispatchSettings = {
  region: "us-east-1",
  maxRequests: 1024,
  maxBodyBytes: 5 * 1024 ** 3,
  bodyIdleMs: 60_000,
  keepAliveMs: 10_000,
  readIdleMs: 120_000,
  trustProxy: false,
};

/** What is known of a request as it goes along, for the error answer and the log. */
interface Progress {
  readonly requestId: string;
  readonly hostId: string;
  readonly resource: string;
  /** For the page of another origin that asks. */
  readonly cors: Record<string, string | number | undefined>;
  operation: string;
}

/** An exchange, with what the access log will tell of it. */
type Served = Exchange & { readonly facts: AccessFacts };

/** A request whose document is still to be read. */
type PendingRequest = Omit<S3Request, "document"> & { document: string; read(): Promise<void> };

const addressed = ({ bucket, key, virtual }: Address) => ({ bucket, key, ...(virtual ? { virtual } : {}) });

const router = new Router<AnyOperation | Unserved>([...operations, ...unserved]);

function notOffered({ name }: Unserved, progress: Progress): S3Error {
  progress.operation = name;
  return new S3Error("NotImplemented", { message: `${name} is not implemented.`, fields: { Operation: name } });
}

/** identify → authenticate → match → authorise → run → render → send, with one catch for them all. */
export class Dispatcher {
  private readonly components: DispatchComponents;
  private readonly settings: DispatchSettings;
  private readonly bodies = new WeakMap<object, IncomingBody>();
  private serving = 0;

  constructor(components: DispatchComponents, settings: Partial<DispatchSettings> = {}) {
    this.components = components;
    this.settings = { ...dispatchDefaults, ...settings };
  }

  /** Never rejects: whatever happens becomes an answer, or a broken connection where one has begun. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const begun = this.components.clock.now();
    const progress: Progress = {
      requestId: newRequestId(),
      hostId: HOST_ID,
      resource: (request.url ?? "").split("?", 1)[0] ?? "",
      operation: "Unknown",
      cors: {},
    };
    const exchange: Served = {
      request,
      response,
      body: new IncomingBody(request, response, this.settings.bodyIdleMs),
      facts: {},
    };
    this.bodies.set(request.socket, exchange.body);
    this.serving++;
    try {
      const status = await this.answer(exchange, progress);
      const ms = this.components.clock.now() - begun;
      this.components.logger.debug({ ...progress, method: request.method, status, ms }, "answered");
      this.components.onAnswer?.({ operation: progress.operation, status, ms });
      const entry = accessEntry(exchange, exchange.facts, progress, { time: begun, status, totalMs: ms });
      if (entry) this.components.onAccess?.(entry);
    } finally {
      this.serving--;
    }
  }

  /** The client closed its sending half in the middle of a body. True when that body's request will be answered. */
  cut(socket: object): boolean {
    const body = this.bodies.get(socket);
    body?.cut();
    return body !== undefined;
  }

  private async answer(exchange: Served, progress: Progress): Promise<number> {
    const begun = this.components.clock.now();
    const common = { "x-amz-request-id": progress.requestId, "x-amz-id-2": progress.hostId, Server: "cess-s3" };
    const gone = new AbortController();
    exchange.response.once("close", () => {
      if (!exchange.response.writableFinished) gone.abort(new Error("the client is gone"));
    });
    const refusal = (failure: unknown) => {
      const refused = this.refusal(failure, progress, gone.signal);
      exchange.facts.errorCode = refused.kind;
      return errorResponse(refused, progress);
    };
    let answer: S3Response | DeferredResponse<S3Response>;
    try {
      answer = await this.serve(exchange, progress, gone.signal);
    } catch (failure) {
      answer = refusal(failure);
    }
    exchange.facts.servedMs = this.components.clock.now() - begun;
    try {
      const headers = { ...common, ...progress.cors };
      if (answer instanceof DeferredResponse)
        return (await sendLate(exchange, answer.result.catch(refusal), headers, this.settings)).status;
      await send(exchange, answer, headers, this.settings);
      return answer.status;
    } catch (failure) {
      if (!gone.signal.aborted && !isReset(failure))
        this.components.logger.error({ ...progress, err: failure }, "an answer broke off");
      exchange.response.destroy();
      return 499;
    }
  }

  private async serve(
    exchange: Served,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<S3Response | DeferredResponse<S3Response>> {
    if (this.serving > this.settings.maxRequests) throw new S3Error("SlowDown");
    const head = requestHead(exchange.request);
    const { region, domain, websiteDomain } = this.settings;
    const host = head.headers.get("host") ?? "";
    const site = hostBucket(host, websiteDomain);
    if (site !== undefined) return this.serveSite(exchange, progress, head, site, signal);
    const address = parseAddress(host, head.path, domain);
    Object.assign(exchange.facts, { head, address, from: this.origin(exchange, head).address });
    // Browsers ask before they sign.
    if (head.method === "OPTIONS") return preflight(head, address, this.components.gateway.cors);
    Object.assign(progress.cors, await corsHeaders(head, address, this.components.gateway.cors));
    const asked = router.match(head, address.scope);
    if (asked && "form" in asked) return this.serveForm(exchange, progress, head, address, signal);
    // Said to anyone: MinIO's clients sign the repeated parameters of a listener as S3 does not.
    if (asked && !("run" in asked)) throw notOffered(asked, progress);
    const authentication = await authenticate(head, this.components, { region, hostBucket: hostBucket(host, domain) });
    exchange.facts.authentication = authentication;
    const effective = authentication.presigned ? withQueryHeaders(head, exchange.request) : head;
    const operation = this.match(effective, address, progress);
    if (address.scope === "service" && !authentication.accessKey) throw new S3Error("AccessDenied");
    if (address.scope !== "service") checkBucketName(address.bucket);
    const request = this.request(effective, address, authentication, operation, exchange.body);
    const access = callAccess(effective, address, authentication, operation, this.origin(exchange, head), request);
    return this.run(operation, request, { account: request.account, signal, access, requestId: progress.requestId });
  }

  private async serveSite(
    exchange: Served,
    progress: Progress,
    head: RequestHead,
    bucket: string,
    signal: AbortSignal,
  ): Promise<S3Response> {
    const { gateway } = this.components;
    const address = { scope: "object", bucket, key: "" } as const;
    Object.assign(exchange.facts, {
      head,
      address: { ...address, key: head.path.slice(1) },
      from: this.origin(exchange, head).address,
    });
    progress.operation = "Website";
    if (head.method === "OPTIONS") return preflight(head, address, gateway.cors);
    Object.assign(progress.cors, await corsHeaders(head, address, gateway.cors));
    return serveWebsite(gateway, {
      head,
      bucket,
      origin: this.origin(exchange, head),
      region: this.settings.region,
      signal,
      at: progress,
    });
  }

  /** Who asks, and for what, stands in the form itself. */
  private async serveForm(
    exchange: Served,
    progress: Progress,
    head: RequestHead,
    asked: Address,
    signal: AbortSignal,
  ): Promise<S3Response | DeferredResponse<S3Response>> {
    const operation = this.match(head, asked, progress);
    checkBucketName(asked.bucket);
    const form = await readFormUpload(head, asked, exchange.body, this.components, this.settings);
    Object.assign(exchange.facts, { address: form.address, authentication: form.authentication });
    try {
      const request = this.formRequest(form);
      const access = callAccess(
        form.head,
        form.address,
        form.authentication,
        operation,
        this.origin(exchange, head),
        request,
      );
      return await this.run(operation, request, {
        account: request.account,
        signal,
        access,
        requestId: progress.requestId,
      });
    } finally {
      await form.close();
    }
  }

  private async run(
    operation: AnyOperation,
    request: PendingRequest,
    call: Call,
  ): Promise<S3Response | DeferredResponse<S3Response>> {
    const input = await this.input(operation, request, call);
    const output = await operation.run(this.components.gateway, input, call);
    if (!(output instanceof DeferredResponse)) return operation.render(output);
    return new DeferredResponse(output.result.then((result) => operation.render(result)));
  }

  /** What is wrong with a request is told to none but who may make it. */
  private async input(operation: AnyOperation, request: PendingRequest, call: Call): Promise<unknown> {
    try {
      screenHeaders(request.headers);
      await request.read();
      return operation.parse(request);
    } catch (failure) {
      if (request.bucket !== "") await this.components.gateway.buckets.permit(call, request.bucket);
      throw failure;
    }
  }

  private match(head: RequestHead, address: Address, progress: Progress): AnyOperation {
    const row = router.match(head, address.scope);
    if (!row)
      throw new S3Error("MethodNotAllowed", {
        fields: { Method: head.method, ResourceType: address.scope.toUpperCase() },
      });
    if (!("run" in row)) throw notOffered(row, progress);
    progress.operation = row.name;
    return row;
  }

  private formRequest({ head, address, authentication, fields, body }: FormUpload): PendingRequest {
    const { region } = this.settings;
    return {
      ...head,
      ...addressed(address),
      account: accountOf(authentication),
      region,
      document: "",
      form: fields,
      body,
      read: () => Promise.resolve(),
    };
  }

  private request(
    head: RequestHead,
    address: Address,
    authentication: Authentication,
    operation: AnyOperation,
    source: IncomingBody,
  ): PendingRequest {
    const { payload, chunkSigner } = authentication;
    const raw = { headers: head.headers, source, payload, ...(chunkSigner ? { signatures: chunkSigner } : {}) };
    const open = () =>
      requestBody(raw, { maxBytes: this.settings.maxBodyBytes, foreignChecksum: operation.objectChecksum });
    const hasBody =
      head.headers.get("content-length") !== undefined || head.headers.get("transfer-encoding") !== undefined;
    return {
      ...head,
      ...addressed(address),
      account: accountOf(authentication),
      region: this.settings.region,
      document: "",
      get body() {
        return open();
      },
      async read() {
        if (operation.digested && hasBody) requireDigest(open());
        if (operation.document !== undefined && hasBody) this.document = await readDocument(open(), operation.document);
      },
    };
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

  private refusal(failure: unknown, progress: Progress, gone: AbortSignal): S3Error {
    const refused = toS3Error(failure);
    if (refused) return refused;
    if (!gone.aborted) this.components.logger.error({ ...progress, err: failure }, "a request failed");
    return new S3Error("InternalError", { cause: failure });
  }
}

/** Of this process: with the request's id it finds the request in the log. */
const HOST_ID = randomBytes(48).toString("base64");

/** Sixteen digits, as AWS's are. A UUID's entropy is drawn in advance, which costs a fraction of drawing it now. */
function newRequestId(): string {
  return randomUUID().replaceAll("-", "").slice(16).toUpperCase();
}

/** The client hung up while it was written to, which is known sooner than that the connection is closed. */
function isReset(failure: unknown): boolean {
  const { code, syscall } = failure as NodeJS.ErrnoException;
  return syscall === "write" && (code === "ECONNRESET" || code === "EPIPE");
}
