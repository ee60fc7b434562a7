import { S3Error } from "../../gateway/s3-error.js";
import { requireKeyLength } from "../../gateway/limits.js";
import { isVersionId } from "./paging.js";
import { decodePercent } from "./percent.js";
import { defined } from "../../model/defined.js";

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

const refused = (message: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: "x-amz-copy-source" } });

/**
 * Parses `x-amz-copy-source`: `[/]bucket/key[?versionId=id]`, percent-encoded, perhaps also the slash between bucket
 * and key. Unlike in a path, `+` is a space: so on AWS, and s5cmd relies on it. InvalidArgument, KeyTooLongError.
 */
export function parseCopySource(header: string): CopySource {
  const [, path = "", version] = /^(.*?)(?:\?versionId=([^?&]*))?$/s.exec(header) ?? [];
  let name: string;
  let versionId: string | undefined;
  try {
    name = decodePercent(path.replaceAll("+", " ")).replace(/^\//, "");
    versionId = version === undefined ? undefined : decodePercent(version);
  } catch {
    throw refused("Copy Source must mention the source bucket and key, percent-encoded: sourcebucket/sourcekey");
  }
  const slash = name.indexOf("/");
  const bucket = name.slice(0, Math.max(0, slash));
  const key = name.slice(slash + 1);
  if (bucket === "" || key === "")
    throw refused("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  if (bucket.startsWith("arn:")) throw refused("Access points are not offered as copy source");
  if (versionId === "") throw refused("Version id cannot be the empty string");
  if (versionId !== undefined && !isVersionId(versionId)) throw refused("Invalid version id specified");
  requireKeyLength(key);
  return defined({ bucket, key, versionId });
}
