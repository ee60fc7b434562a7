import { randomBytes } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectLockConfigurationCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
  S3ServiceException,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";

const setting = (name: string, fallback: string) => process.env[name] ?? fallback;

/** The endpoint under test, given by `npm run conformance -- URL` and these variables. */
export const target = {
  endpoint: setting("CONFORMANCE_ENDPOINT", "http://127.0.0.1:9000"),
  region: setting("CONFORMANCE_REGION", "us-east-1"),
  accessKeyId: setting("CONFORMANCE_ACCESS_KEY", "cessdev"),
  secretAccessKey: setting("CONFORMANCE_SECRET_KEY", "cessdevsecret"),
  /** Domain of virtual-host style, where the endpoint has one. */
  domain: process.env["CONFORMANCE_DOMAIN"],
  /** Domain of buckets shown as websites, where the endpoint has one. */
  websiteDomain: process.env["CONFORMANCE_WEBSITE_DOMAIN"],
  /** The port of 127.0.0.1 that the endpoint's webhook `conformance` posts events to. */
  webhookPort: process.env["CONFORMANCE_WEBHOOK_PORT"],
  /** The endpoint delivers access logs within seconds. */
  accessLogsSoon: process.env["CONFORMANCE_ACCESS_LOGS"] === "soon",
  /** A second account, another owner. */
  altAccessKeyId: setting("CONFORMANCE_ALT_ACCESS_KEY", "cessalt"),
  altSecretAccessKey: setting("CONFORMANCE_ALT_SECRET_KEY", "cessaltsecret"),
} as const;

export function client(settings: Partial<S3ClientConfig> = {}): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = target;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
    ...settings,
  });
}

export function altClient(): S3Client {
  return client({ credentials: { accessKeyId: target.altAccessKeyId, secretAccessKey: target.altSecretAccessKey } });
}

export const s3 = client();

export function freshName(): string {
  return `conformance-${randomBytes(6).toString("hex")}`;
}

/** A bucket for the tests of one `describe`, removed with all it holds afterwards. */
export function useBucket(): { readonly name: string } {
  const bucket = { name: "" };
  before(async () => {
    bucket.name = freshName();
    await s3.send(new CreateBucketCommand({ Bucket: bucket.name }));
  });
  after(() => removeBucket(bucket.name));
  return bucket;
}

export async function removeBucket(Bucket: string): Promise<void> {
  // Governance is bypassed where there may be any: elsewhere S3 refuses the header.
  const bypass = await s3.send(new GetObjectLockConfigurationCommand({ Bucket })).then(
    () => ({ BypassGovernanceRetention: true }),
    () => ({}),
  );
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key ?? "", VersionId }));
    if (Objects.length === 0) break;
    for (let at = 0; at < Objects.length; at += 1000) {
      const { Errors } = await s3.send(
        new DeleteObjectsCommand({
          Bucket,
          ...bypass,
          Delete: { Quiet: true, Objects: Objects.slice(at, at + 1000) },
        }),
      );
      if (Errors?.[0]) throw new Error(`a test left ${Errors[0].Key ?? ""} locked: ${Errors[0].Code ?? ""}`);
    }
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

export interface Refusal {
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
}

/** The S3 error a call must end with. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (error instanceof S3ServiceException)
      return { code: error.name, status: error.$metadata.httpStatusCode, message: error.message };
    throw error;
  }
  throw new Error("the call succeeded where an S3 error was due");
}

export async function bytesOf(body: { transformToByteArray(): Promise<Uint8Array> } | undefined): Promise<Buffer> {
  if (!body) throw new Error("the answer has no body");
  return Buffer.from(await body.transformToByteArray());
}
