import { S3Error } from "../../gateway/s3-error.js";
import { onObject } from "../access-rules.js";
import type { Operation, S3Response } from "../operation.js";
import { encodePercent } from "../wire/percent.js";
import { postResponse } from "../wire/documents.js";
import { objectLocation } from "../wire/location.js";
import { XML_DECLARATION, writeFields } from "../wire/xml-writer.js";
import { putObject } from "./put-object.js";

type Put = typeof putObject;

interface Input {
  readonly put: ReturnType<Put["parse"]>;
  readonly location: string;
  readonly redirect: URL | undefined;
  readonly status: 200 | 201 | 204;
}

interface Output extends Omit<Input, "put"> {
  readonly bucket: string;
  readonly key: string;
  readonly put: Parameters<Put["render"]>[0];
}

/** Where the browser is sent after the upload. An invalid URL is ignored, as on AWS. */
function redirectOf(fields: ReadonlyMap<string, string>): URL | undefined {
  const text = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (!text || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

function statusOf(fields: ReadonlyMap<string, string>): Input["status"] {
  const status = fields.get("success_action_status");
  return status === "200" ? 200 : status === "201" ? 201 : 204;
}

/** The URL to redirect to, with the upload's bucket, key and ETag added to its query. */
function redirected(to: URL, { bucket, key, put }: Output): string {
  const told = `bucket=${encodePercent(bucket)}&key=${encodePercent(key)}&etag=${encodePercent(put.ETag ?? "")}`;
  const target = new URL(to);
  target.search += `${target.search === "" ? "?" : "&"}${told}`;
  return target.href;
}

function answer(output: Output): Pick<S3Response, "status" | "headers" | "body"> {
  const { redirect, status, location, bucket, key, put } = output;
  if (redirect) return { status: 303, headers: { Location: redirected(redirect, output) } };
  if (status !== 201) return { status, headers: { Location: location } };
  const fields = writeFields(postResponse, { Location: location, Bucket: bucket, Key: key, ETag: put.ETag });
  return {
    status,
    headers: { Location: location, "Content-Type": "application/xml" },
    body: `${XML_DECLARATION}<PostResponse>${fields}</PostResponse>`,
  };
}

/**
 * A browser's upload by a form: PutObject with the form's fields as its headers, and an answer that the form chooses.
 */
export const postObject: Operation<Input, Output> = {
  name: "PostObject",
  match: { method: "POST", scope: "bucket" },
  access: onObject("s3:PutObject", { creates: "object" }),
  form: true,
  parse(request) {
    const { form } = request;
    if (!form) throw new S3Error("MalformedPOSTRequest");
    return {
      put: putObject.parse(request),
      location: objectLocation(request),
      redirect: redirectOf(form),
      status: statusOf(form),
    };
  },
  async run(gateway, { put, ...rest }, call) {
    const output = await putObject.run(gateway, put, call);
    return { ...rest, bucket: put.Bucket, key: put.Key, put: output as Output["put"] };
  },
  render(output) {
    const { status, headers, body } = answer(output);
    return {
      status,
      headers: { ...putObject.render(output.put).headers, ...headers },
      ...(body === undefined ? {} : { body }),
    };
  },
};
