import type {
  ListObjectVersionsOutput,
  ListObjectVersionsRequest,
  ObjectVersion as WireVersion,
} from "@aws-sdk/client-s3";
import type { VersionListResult } from "../../gateway/gateway.js";
import type { Account } from "../../model/account.js";
import { S3Error } from "../../gateway/s3-error.js";
import { onBucket } from "../access-rules.js";
import type { OfBucket, Operation } from "../operation.js";
import { listVersionsEntries, listVersionsHead, listVersionsPrefixes } from "../wire/version-documents.js";
import { encodingType, isVersionId, listedText, pageLimit } from "../wire/paging.js";
import { S3_NAMESPACE } from "../wire/xml-schema.js";
import { writeFields, XML_DECLARATION } from "../wire/xml-writer.js";
import { listedObject } from "./listed-object.js";

type Output = Omit<ListObjectVersionsOutput, "Versions" | "DeleteMarkers"> & {
  /** Versions and delete markers in one order, which the SDK's two lists would lose. */
  readonly Entries: readonly ({ readonly Version: WireVersion } | { readonly DeleteMarker: WireVersion })[];
};

export const listObjectVersions: Operation<OfBucket<ListObjectVersionsRequest>, Output> = {
  name: "ListObjectVersions",
  match: { method: "GET", scope: "bucket", query: ["versions"] },
  access: onBucket("s3:ListBucketVersions"),
  parse({ bucket, query }) {
    const keyMarker = query.get("key-marker") ?? "";
    const marker = query.get("version-id-marker");
    const invalid = (message: string) =>
      new S3Error("InvalidArgument", {
        message,
        fields: { ArgumentName: "version-id-marker", ArgumentValue: (marker ?? "").slice(0, 200) },
      });
    if (marker !== undefined && keyMarker === "")
      throw invalid("A version-id marker cannot be specified without a key marker.");
    if (marker === "") throw invalid("A version-id marker cannot be empty.");
    if (marker !== undefined && !isVersionId(marker)) throw invalid("Invalid version id specified");
    return {
      Bucket: bucket,
      Prefix: query.get("prefix") ?? "",
      Delimiter: query.get("delimiter") ?? "",
      KeyMarker: keyMarker,
      VersionIdMarker: marker,
      MaxKeys: pageLimit(query, "max-keys"),
      EncodingType: encodingType(query),
    };
  },
  async run({ versions }, input, call) {
    const {
      Bucket,
      Prefix = "",
      Delimiter = "",
      KeyMarker = "",
      VersionIdMarker = "",
      MaxKeys = 1000,
      EncodingType,
    } = input;
    const request = {
      prefix: Prefix,
      delimiter: Delimiter,
      keyMarker: KeyMarker,
      versionIdMarker: VersionIdMarker,
      limit: MaxKeys,
    };
    const page = await versions.list(call, request);
    const text = listedText(EncodingType);
    const truncated = page.truncated && MaxKeys > 0;
    return {
      Name: Bucket,
      Prefix: text(Prefix),
      KeyMarker: text(KeyMarker),
      VersionIdMarker,
      MaxKeys,
      EncodingType,
      IsTruncated: truncated,
      Delimiter: Delimiter === "" ? undefined : text(Delimiter),
      NextKeyMarker: truncated && page.nextKeyMarker !== undefined ? text(page.nextKeyMarker) : undefined,
      NextVersionIdMarker: truncated ? page.nextVersionIdMarker : undefined,
      Entries: page.versions.map((version) => entry(version, text, call.account)),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: text(prefix) })),
    };
  },
  render: ({ Entries, CommonPrefixes, ...head }) => ({
    status: 200,
    headers: { "Content-Type": "application/xml" },
    body:
      `${XML_DECLARATION}<ListVersionsResult xmlns="${S3_NAMESPACE}">${writeFields(listVersionsHead, head)}` +
      Entries.map((each) => writeFields(listVersionsEntries, each)).join("") +
      `${writeFields(listVersionsPrefixes, { CommonPrefixes })}</ListVersionsResult>`,
  }),
};

function entry(
  version: VersionListResult["versions"][number],
  text: (key: string) => string,
  caller: Account,
): Output["Entries"][number] {
  const listed = {
    ...listedObject(version, text, caller),
    VersionId: version.versionId,
    IsLatest: version.isLatest,
  } as WireVersion;
  return version.deleteMarker ? { DeleteMarker: listed } : { Version: listed };
}
