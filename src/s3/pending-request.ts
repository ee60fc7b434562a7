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

const common = (
  head: RequestHead,
  address: Address,
  account: Account,
  { region, acceptAnyRegion }: RegionSettings,
) => ({
  ...head,
  bucket: address.bucket,
  key: address.key,
  ...(address.virtual ? { virtual: true as const } : {}),
  account,
  region,
  acceptAnyRegion,
  document: "",
});

/** A request that is not a form. */
export function pendingRequest(
  head: RequestHead,
  address: Address,
  authentication: Authentication,
  operation: AnyOperation,
  source: IncomingBody,
  settings: BodyLimits,
): PendingRequest {
  const { payload, chunkSigner } = authentication;
  const raw = { headers: head.headers, source, payload, ...(chunkSigner ? { signatures: chunkSigner } : {}) };
  const open = () => requestBody(raw, { foreignChecksum: operation.objectChecksum });
  const hasBody =
    head.headers.get("content-length") !== undefined || head.headers.get("transfer-encoding") !== undefined;
  let done = false;
  return {
    ...common(head, address, accountOf(authentication), settings),
    get body() {
      return open();
    },
    async read() {
      if (done || !hasBody) return;
      done = true;
      if (!operation.digested && operation.document === undefined) return;
      const body = open();
      if (operation.digested) requireDigest(body);
      if (operation.document === undefined) return;
      const stop = source.endWithin(settings.documentMs);
      try {
        this.document = await readDocument(body, operation.document);
      } finally {
        stop();
      }
    },
  };
}

/** The request of a form upload. Its file is the body. */
export function formRequest(
  { head, address, authentication, fields, body }: FormUpload,
  settings: RegionSettings,
): PendingRequest {
  return {
    ...common(head, address, accountOf(authentication), settings),
    form: fields,
    body,
    read: () => Promise.resolve(),
  };
}
