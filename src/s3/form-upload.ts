import type { Body } from "../gateway/gateway.js";
import { S3Error } from "../gateway/s3-error.js";
import type { Address } from "./address.js";
import { LIMITS, requireKeyLength } from "../gateway/limits.js";
import { authenticateForm, formField } from "./auth/authenticate-form.js";
import type { AuthenticateComponents, Authentication } from "./auth/authenticate.js";
import { withinSize } from "./auth/form-policy.js";
import { signatureMechanism } from "./auth/mechanism.js";
import type { IncomingBody } from "./incoming.js";
import type { RequestHead } from "./request.js";
import { Headers } from "./wire/headers.js";
import { MAX_FORM_OVERHEAD_BYTES, readForm, type Form } from "./wire/multipart-form.js";
import { encodePercent } from "./wire/percent.js";
import { announcedSize, formBody } from "./wire/request-body.js";
import { readTags } from "./wire/tagging.js";

/** A browser's form upload (PostObject), turned into a PutObject: its fields become the headers and the key. */
export interface FormUpload {
  readonly head: RequestHead;
  readonly address: Address;
  readonly authentication: Authentication;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Body;
  /** Ends reading the form. */
  close(): Promise<void>;
}

export interface FormSettings {
  /** The region that the policy must be signed for; undefined: any. */
  readonly region: string | undefined;
  /** Time that a client has to send the fields before the file, in milliseconds. */
  readonly documentMs: number;
}

/** The headers that are taken from the request. All others are taken from the form's fields. */
const ownHeaders = ["host", "referer", "user-agent", "origin", "x-amz-expected-bucket-owner"];
/** Fields that become headers, in addition to the `x-amz-*` fields that are not part of the signature. */
const contentFields = /^(cache-control|content-(type|disposition|encoding|language|md5)|expires)$/;
const signatureFields =
  /^x-amz-(algorithm|credential|date|signature|security-token|content-sha256|trailer|decoded-content-length|copy-source.*)$/;

/**
 * Reads a form up to its file, and authenticates it. Rejects like `readForm` and `authenticateForm`, and with
 * InvalidArgument if the request has a signature outside of the form.
 */
export async function readFormUpload(
  head: RequestHead,
  address: Address,
  source: IncomingBody,
  components: AuthenticateComponents,
  settings: FormSettings,
): Promise<FormUpload> {
  const { bucket } = address;
  if (signatureMechanism(head))
    throw new S3Error("InvalidArgument", {
      message:
        "A form is authenticated by its fields. Send it without an Authorization header and without a signature in the URL.",
      fields: { ArgumentName: "Authorization" },
    });
  announcedSize(head.headers, { kind: "unsigned" }, LIMITS.putBytes + MAX_FORM_OVERHEAD_BYTES);
  const form = await readFields(head, source, settings.documentMs);
  try {
    const key = formField(form.fields, "key").replaceAll("${filename}", form.fileName ?? "");
    requireKeyLength(key);
    const fields = new Map([...form.fields, ["key", key]]);
    const { authentication, policy } = await authenticateForm(fields, bucket, components, settings.region);
    const headers = formHeaders(head.headers, fields);
    const file = policy ? withinSize(form.file, policy) : form.file;
    return {
      head: { ...head, headers },
      address: { ...address, scope: "object", key },
      authentication,
      fields,
      body: formBody(headers, file),
      close: () => form.close(),
    };
  } catch (failure) {
    await form.close();
    throw failure;
  }
}

async function readFields(head: RequestHead, source: IncomingBody, withinMs: number): Promise<Form> {
  const stop = source.endWithin(withinMs);
  try {
    return await readForm(head.headers.get("content-type") ?? "", source);
  } finally {
    stop();
  }
}

/** The headers of the PutObject that a form becomes. InvalidArgument for a field that cannot be a header. */
function formHeaders(own: Headers, fields: ReadonlyMap<string, string>): Headers {
  const found: [string, string][] = [];
  for (const name of ownHeaders) {
    const value = own.get(name);
    if (value !== undefined) found.push([name, value]);
  }
  for (const [name, value] of fields) {
    if (value === "") continue;
    if (name === "acl") found.push(["x-amz-acl", value]);
    else if (name === "tagging") found.push(["x-amz-tagging", tagQuery(value)]);
    else if (contentFields.test(name) || (name.startsWith("x-amz-") && !signatureFields.test(name)))
      found.push([name, value]);
  }
  return new Headers([]).with(found);
}

/** The value of `x-amz-tagging` for the field `tagging`, which is a Tagging document. */
function tagQuery(document: string): string {
  return readTags(document)
    .map(({ key, value }) => `${encodePercent(key)}=${encodePercent(value)}`)
    .join("&");
}
