import { createHash } from "node:crypto";
import type { S3Error } from "../../gateway/s3-error.js";
import type { AccessKey } from "../../model/account.js";
import { StsError } from "../../sts/sts-error.js";
import type { Sts } from "../../sts/sts.js";
import type { Address } from "../address.js";
import { authenticateDocument, type AuthenticateComponents } from "../auth/authenticate.js";
import type { IncomingBody } from "../incoming.js";
import type { S3Response } from "../operation.js";
import type { RequestHead } from "../request.js";
import { readDocument } from "../wire/document-body.js";
import { requestBody } from "../wire/request-body.js";
import { stsActions, type StsAction } from "./sts-actions.js";
import { stsErrorOf, stsErrorResponse, stsResponse } from "./sts-response.js";

export interface StsEndpointComponents extends AuthenticateComponents {
  readonly sts: Sts;
}

export interface StsEndpointSettings {
  readonly region: string;
  /** Also take signatures for another region. */
  readonly acceptAnyRegion: boolean;
  /** Time that a client has to send its form, in milliseconds. */
  readonly documentMs: number;
}

/** A request, as its caller wants to know of it: for limits, metrics and logs. */
export interface StsExchange {
  readonly requestId: string;
  readonly source: IncomingBody;
  /** Called before the body is read: who sent it is not known yet. */
  anonymous(): void;
  /** Called with the name of the action, then with the signer when the signature was verified. */
  named(action: string): void;
  authenticated(accessKey: AccessKey): void;
  /** What S3 would answer to a failure; logs one that clients are told nothing about. */
  refused(failure: unknown): S3Error;
  /** Called with the code of an error answer. */
  answered(code: string): void;
}

/** A form of an STS call, in bytes: the longest has a token of an identity provider and a policy, percent-encoded. */
const MAX_FORM_BYTES = 64 * 1024;
const VERSION = "2011-06-15";
/** What clients sign for that know of one global endpoint. */
const GLOBAL_REGION = "us-east-1";

/** Whether a request is a call of the STS API: a form that is posted to the root, or its parameters in the query. */
export function isStsRequest({ method, headers, query }: RequestHead, { scope }: Address): boolean {
  if (method !== "POST" || scope !== "service") return false;
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  return type.startsWith("application/x-www-form-urlencoded") || query.has("Action");
}

/** The STS API on the S3 listener. */
export class StsEndpoint {
  constructor(
    private readonly components: StsEndpointComponents,
    private readonly settings: StsEndpointSettings,
  ) {}

  /** Refusals are answers, too, in the STS API's form. Rejects when the client hung up within its form. */
  async serve(head: RequestHead, exchange: StsExchange): Promise<S3Response> {
    try {
      return await this.answer(head, exchange);
    } catch (failure) {
      if (exchange.source.isCut) throw failure;
      const refused = failure instanceof StsError ? failure : stsErrorOf(exchange.refused(failure));
      exchange.answered(refused.code);
      return stsErrorResponse(refused, exchange.requestId);
    }
  }

  private async answer(head: RequestHead, exchange: StsExchange): Promise<S3Response> {
    exchange.anonymous();
    const form = await this.read(head, exchange.source);
    const parameters = new URLSearchParams(form);
    for (const [name, [value = ""]] of head.query.entries()) if (!parameters.has(name)) parameters.set(name, value);
    const action = actionOf(parameters);
    exchange.named(action.name);
    const caller = await this.caller(head, form);
    if (caller) exchange.authenticated(caller);
    else if (action.signed) throw new StsError("MissingAuthenticationToken", "Request is missing Authentication Token");
    const result = await action.run({ sts: this.components.sts, caller, parameters });
    return stsResponse(action, result, exchange.requestId);
  }

  private async read({ headers }: RequestHead, source: IncomingBody): Promise<string> {
    // All parameters may stand in the query.
    if (headers.get("content-length") === undefined && headers.get("transfer-encoding") === undefined) return "";
    const stop = source.endWithin(this.settings.documentMs);
    try {
      return await readDocument(requestBody({ headers, source, payload: { kind: "unsigned" } }, {}), MAX_FORM_BYTES);
    } finally {
      stop();
    }
  }

  private caller(head: RequestHead, form: string): Promise<AccessKey | undefined> {
    const sha256 = createHash("sha256").update(form).digest("hex");
    const { region, acceptAnyRegion } = this.settings;
    const regions = acceptAnyRegion ? undefined : [region, GLOBAL_REGION];
    return authenticateDocument(head, sha256, this.components, { service: "sts", regions });
  }
}

function actionOf(parameters: URLSearchParams): StsAction {
  const name = parameters.get("Action") ?? "";
  const version = parameters.get("Version") ?? "";
  const found = stsActions.find((action) => action.name === name);
  if (found && version === VERSION) return found;
  throw new StsError(
    "InvalidAction",
    `Could not find operation ${name.slice(0, 60) || "without a name"} for version ${version.slice(0, 20) || "NO_VERSION_SPECIFIED"}`,
  );
}
