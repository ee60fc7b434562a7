import { S3Error } from "../gateway/s3-error.js";
import { requireKeyLength } from "../gateway/limits.js";
import type { RequestPattern } from "./operation.js";
import { decodePercent } from "./wire/percent.js";
import { defined } from "../model/defined.js";

export interface Address {
  readonly scope: RequestPattern["scope"];
  readonly bucket: string;
  readonly key: string;
  /** The host names the bucket, and not the path. */
  readonly virtual?: true;
}

/**
 * The bucket that a host names: below the domain `s3.example.com`, the host `photos.s3.example.com` is the bucket
 * `photos`. Undefined for other hosts, and without a domain.
 */
export function hostBucket(host: string, domain: string | undefined): string | undefined {
  if (!domain) return undefined;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const suffix = `.${domain.toLowerCase()}`;
  return name.endsWith(suffix) && name.length > suffix.length ? name.slice(0, -suffix.length) : undefined;
}

/**
 * The bucket and key of a request, in virtual-host or path style. The path is decoded exactly once and not normalised:
 * `//`, `.` and `..` are ordinary parts of a key. InvalidURI, InvalidBucketName, KeyTooLongError.
 */
export function parseAddress(host: string, path: string, domain?: string): Address {
  if (!path.startsWith("/")) throw new S3Error("InvalidURI");
  const virtual = hostBucket(host, domain);
  const slash = path.indexOf("/", 1);
  const bucket = virtual ?? decodePercent(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = decodePercent(virtual !== undefined ? path.slice(1) : slash < 0 ? "" : path.slice(slash + 1));
  if (bucket === "") {
    // `//key` names no bucket; the bare `/` is the service.
    if (key !== "") throw new S3Error("InvalidBucketName", { resource: path });
    return { scope: "service", bucket: "", key: "" };
  }
  requireKeyLength(key);
  return defined({
    scope: key === "" ? "bucket" : "object",
    bucket,
    key,
    virtual: virtual === undefined ? undefined : true,
  });
}

/** InvalidBucketName for a name that no bucket can have. The gateway checks the full rules when it creates a bucket. */
export function checkBucketName(bucket: string): void {
  if (/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket) && !bucket.includes("..")) return;
  throw new S3Error("InvalidBucketName", { fields: { BucketName: bucket.slice(0, 255) } });
}
