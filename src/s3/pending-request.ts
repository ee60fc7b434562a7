import type { Body } from "../gateway/gateway.js";
import type { Account } from "../model/account.js";
import { accountOf } from "./access-request.js";
import type { Address } from "./address.js";
import type { Authentication } from "./auth/authenticate.js";
import type { FormUpload } from "./form-upload.js";
import type { IncomingBody } from "./incoming.js";
import type { AnyOperation } from "./operation.js";
import type { RequestHead, S3Request } from "./request.js";
import { readDocument } from "./wire/document-body.js";
import { requestBody, requireDigest } from "./wire/request-body.js";

/** A request whose document has not been read yet. */
export type PendingRequest = Omit<S3Request, "document"> & {
  document: string;
  /** Reads and verifies the document, if the operation takes one. Further calls do nothing. */
  read(): Promise<void>;
};

export interface RegionSettings {
  readonly region: string;
  readonly acceptAnyRegion: boolean;
}

export interface BodyLimits extends RegionSettings {
  /** Time that a client has to send a document, in milliseconds. */
  readonly documentMs: number;
}

/** A request that is not a form. */
export function pendingRequest(
  head: RequestHead,
  address: Address,
  authentication: Authentication,
  operation: AnyOperation,
  source: IncomingBody,
  settings: BodyLimits,
): PendingRequest {
  return new SentRequest(head, address, authentication, operation, source, settings);
}

/** A class, because for an object literal with a getter JavaScript makes a new shape each time: twice as slow to use. */
class SentRequest implements PendingRequest {
  readonly method: string;
  readonly path: string;
  readonly query: RequestHead["query"];
  readonly headers: RequestHead["headers"];
  readonly bucket: string;
  readonly key: string;
  readonly virtual: true | undefined;
  readonly account: Account;
  readonly region: string;
  readonly acceptAnyRegion: boolean;
  document = "";
  private isRead = false;

  constructor(
    head: RequestHead,
    address: Address,
    private readonly authentication: Authentication,
    private readonly operation: AnyOperation,
    private readonly source: IncomingBody,
    private readonly settings: BodyLimits,
  ) {
    this.method = head.method;
    this.path = head.path;
    this.query = head.query;
    this.headers = head.headers;
    this.bucket = address.bucket;
    this.key = address.key;
    this.virtual = address.virtual;
    this.account = accountOf(authentication);
    this.region = settings.region;
    this.acceptAnyRegion = settings.acceptAnyRegion;
  }

  get body(): Body {
    const { headers, source } = this;
    const { payload, chunkSigner } = this.authentication;
    const raw = { headers, source, payload, ...(chunkSigner ? { signatures: chunkSigner } : {}) };
    return requestBody(raw, { foreignChecksum: this.operation.objectChecksum });
  }

  async read(): Promise<void> {
    if (this.isRead || !this.hasBody) return;
    this.isRead = true;
    const { digested, document } = this.operation;
    if (!digested && document === undefined) return;
    const { body } = this;
    if (digested) requireDigest(body);
    if (document === undefined) return;
    const stop = this.source.endWithin(this.settings.documentMs);
    try {
      this.document = await readDocument(body, document);
    } finally {
      stop();
    }
  }

  private get hasBody(): boolean {
    const { headers } = this;
    return headers.get("content-length") !== undefined || headers.get("transfer-encoding") !== undefined;
  }
}

/** The request of a form upload. Its file is the body. */
export function formRequest(
  { head, address, authentication, fields, body }: FormUpload,
  settings: RegionSettings,
): PendingRequest {
  const { bucket, key, virtual } = address;
  const { region, acceptAnyRegion } = settings;
  return {
    ...head,
    bucket,
    key,
    virtual,
    account: accountOf(authentication),
    region,
    acceptAnyRegion,
    document: "",
    form: fields,
    body,
    read: () => Promise.resolve(),
  };
}
