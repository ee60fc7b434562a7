import type { _Object as ListedObject, Owner } from "@aws-sdk/client-s3";
import type { ListResult } from "../../gateway/gateway.js";
import type { Account } from "../../model/account.js";
import { quoted } from "../wire/etag.js";
import { wholeSecond } from "../wire/http-date.js";

/** Only the caller's display name is known here: others are shown by their ID. */
export function ownerOf(id: string, caller: Account): Owner {
  return { ID: id, DisplayName: id === caller.id ? caller.displayName : id };
}

/** One entry of a listing. Without `caller` it has no owner. */
export function listedObject(
  version: ListResult["keys"][number],
  text: (key: string) => string,
  caller: Account | undefined,
): ListedObject {
  return {
    Key: text(version.key),
    LastModified: wholeSecond(version.createdAt),
    ETag: quoted(version.etag),
    ChecksumAlgorithm: version.checksumAlgorithm && [version.checksumAlgorithm],
    ChecksumType: version.checksumType,
    Size: version.size,
    StorageClass: (version.storageClass ?? "STANDARD") as NonNullable<ListedObject["StorageClass"]>,
    Owner: caller && ownerOf(version.owner, caller),
  };
}
