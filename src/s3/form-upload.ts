import type { Body } from "../gateway/gateway.js";
import { requireKeyLength } from "../gateway/limits.js";
import { S3Error } from "../model/errors.js";
import type { Address } from "./address.js";
import { authenticateForm, formField } from "./auth/authenticate-form.js";
import type { AuthenticateComponents, Authentication } from "./auth/authenticate.js";
import { withinSize } from "./auth/form-policy.js";
import type { RequestHead } from "./request.js";
import { Headers, toLatin1 } from "./wire/headers.js";
import { MAX_FORM_OVERHEAD_BYTES, readForm } from "./wire/multipart-form.js";
import { encodePercent } from "./wire/percent.js";
import { announcedSize, formBody } from "./wire/request-body.js";
import { readTags } from "./wire/tagging.js";

/** A browser's form upload, as the PUT it stands for: its fields are its headers, one of them the key. */
export interface FormUpload {
  readonly head: RequestHead;
  readonly address: Address;
  readonly authentication: Authentication;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Body;
  /** Nothing more of the form will be read. */
  close(): Promise<void>;
}

export interface FormSettings {
  readonly region: string;
  /** Largest file, in bytes. */
  readonly maxBodyBytes: number;
}

/** Of the request's own headers a form has these; whatever else an upload is told stands in its fields. */
const ownHeaders = ["host", "referer", "user-agent", "origin", "x-amz-expected-bucket-owner"];
/** Fields that are headers of the object, beside `x-amz-*`; those about the signature are none. */
const contentFields = /^(cache-control|content-(type|disposition|encoding|language|md5)|expires)$/;
const signatureFields =
  /^x-amz-(algorithm|credential|date|signature|security-token|content-sha256|trailer|decoded-content-length|copy-source.*)$/;

/** Reads a form up to its file and finds out who sent it. Errors as `readForm` and `authenticateForm`. */
export async function readFormUpload(
  head: RequestHead,
  address: Address,
  source: AsyncIterable<Uint8Array>,
  components: AuthenticateComponents,
  settings: FormSettings,
): Promise<FormUpload> {
  const { bucket } = address;
  announcedSize(head.headers, { kind: "unsigned" }, { maxBytes: settings.maxBodyBytes + MAX_FORM_OVERHEAD_BYTES });
  const form = await readForm(head.headers.get("content-type") ?? "", source);
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

/** The headers of the PUT that a form stands for. InvalidArgument for what can be no header. */
function formHeaders(own: Headers, fields: ReadonlyMap<string, string>): Headers {
  const raw: string[] = [];
  const add = (name: string, value: string) => void raw.push(name, toLatin1(value));
  for (const name of ownHeaders) {
    const value = own.get(name);
    if (value !== undefined) add(name, value);
  }
  for (const [name, value] of fields) {
    if (value === "") continue;
    if (name === "acl") add("x-amz-acl", value);
    else if (name === "tagging") add("x-amz-tagging", tagQuery(value));
    else if (contentFields.test(name) || (name.startsWith("x-amz-") && !signatureFields.test(name)))
      add(checked(name, value), value);
  }
  return new Headers(raw);
}

/** A line break in a name or value would let it write headers of its own into the answers that echo it. */
function checked(name: string, value: string): string {
  const echoes = name.startsWith("x-amz-meta-") || !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
  if (/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && echoes) return name;
  throw new S3Error("InvalidArgument", {
    message: "A form field cannot be represented as a header.",
    fields: { ArgumentName: name.slice(0, 100) },
  });
}

/** The field `tagging` is a Tagging document. */
function tagQuery(document: string): string {
  return readTags(document)
    .map(({ key, value }) => `${encodePercent(key)}=${encodePercent(value)}`)
    .join("&");
}
