import { createHmac, randomBytes } from "node:crypto";
import { send, type RawAnswer } from "./signed.js";
import { target } from "./target.js";

export type Condition = Readonly<Record<string, unknown>> | readonly unknown[];

export interface FormFile {
  readonly content: Buffer | string;
  readonly name?: string;
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** A policy in base64. `expiration`: undefined leaves it out. */
export function policyOf(
  conditions: readonly Condition[] | undefined,
  expiration: string | undefined = inAnHour(),
): string {
  return Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64");
}

/** Conditions that hold for these fields, each exactly. */
export function exactly(bucket: string, fields: Readonly<Record<string, string>>): Condition[] {
  return [{ bucket }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))];
}

/** The fields of Signature V4 that a policy must cover, and the signature over it. */
export function signedV4(
  policy: (signing: Readonly<Record<string, string>>) => string,
  secret: string = target.secretAccessKey,
): Record<string, string> {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = [stamp.slice(0, 8), target.region, "s3", "aws4_request"];
  const signing = {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${target.accessKeyId}/${scope.join("/")}`,
    "x-amz-date": stamp,
  };
  const text = policy(signing);
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return { ...signing, policy: text, "x-amz-signature": hmac(key, text).toString("hex") };
}

export function signedV2(policy: string, secret: string = target.secretAccessKey): Record<string, string> {
  return {
    AWSAccessKeyId: target.accessKeyId,
    policy,
    signature: createHmac("sha1", secret).update(policy).digest("base64"),
  };
}

/** The fields of a form that is right, with a policy that says exactly these, or what `conditions` adds. */
export function rightForm(
  bucket: string,
  fields: Readonly<Record<string, string>>,
  conditions: readonly Condition[] = [],
): Record<string, string> {
  return {
    ...fields,
    ...signedV4((signing) => policyOf([...exactly(bucket, { ...fields, ...signing }), ...conditions])),
  };
}

/** multipart/form-data as browsers write it; the file last, then what `after` names. */
export function formBody(
  fields: Readonly<Record<string, string>>,
  file: FormFile | undefined,
  after: Readonly<Record<string, string>> = {},
): { readonly body: Buffer; readonly type: string } {
  const boundary = `----form${randomBytes(12).toString("hex")}`;
  const field = ([name, value]: [string, string]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const pieces: (Buffer | string)[] = Object.entries(fields).map(field);
  if (file) {
    const name = file.name === undefined ? "" : `; filename="${file.name}"`;
    pieces.push(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"${name}\r\nContent-Type: text/plain\r\n\r\n`,
      file.content,
      "\r\n",
    );
  }
  pieces.push(...Object.entries(after).map(field), `--${boundary}--\r\n`);
  return {
    body: Buffer.concat(pieces.map((piece) => Buffer.from(piece))),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

/** Posts a form to a bucket as a browser does. */
export function post(
  bucket: string,
  fields: Readonly<Record<string, string>>,
  file: FormFile | undefined,
  headers: Readonly<Record<string, string>> = {},
  after = {},
  path = `/${bucket}`,
): Promise<RawAnswer> {
  const { body, type } = formBody(fields, file, after);
  return send({
    method: "POST",
    path,
    sign: false,
    body,
    headers: { "content-type": type, ...headers },
    tamper: (sent) => delete sent["x-amz-content-sha256"],
  });
}
