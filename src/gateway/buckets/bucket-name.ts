import { S3Error } from "../s3-error.js";

const SHAPE = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
/** S3 keeps these for access points, Object Lambda and its own examples. */
const RESERVED_PREFIXES = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/** S3's rules for the names of new general-purpose buckets. InvalidBucketName names the broken rule. */
export function requireBucketName(name: string): void {
  const broken = brokenRule(name);
  if (broken === undefined) return;
  throw new S3Error("InvalidBucketName", {
    message: `The specified bucket is not valid: ${broken}`,
    resource: name.slice(0, 255),
    fields: { BucketName: name.slice(0, 255) },
  });
}

function brokenRule(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return "bucket names must have 3 to 63 characters";
  if (!SHAPE.test(name)) {
    return "bucket names may contain only lower-case letters, digits, dots and hyphens, and must begin and end with a letter or digit";
  }
  if (name.includes("..")) return "bucket names may not contain two dots in a row";
  if (/\.-|-\./.test(name)) return "bucket names may not contain a dot next to a hyphen";
  if (IPV4.test(name)) return "bucket names may not look like an IP address";
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `the prefix ${prefix} is reserved`;
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  return suffix === undefined ? undefined : `the suffix ${suffix} is reserved`;
}
