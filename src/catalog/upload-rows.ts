import type { Selectable } from "kysely";
import type { Acl } from "../model/acl.js";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../model/checksum.js";
import type { Encryption } from "../model/encryption.js";
import type { ObjectLock } from "../model/object-lock.js";
import type { BlobId, Part, Upload } from "../model/object.js";
import type { Tag } from "../model/tag.js";
import { unpackJson } from "./json.js";
import { fromKeyText } from "./key-text.js";
import type { PartTable, UploadTable } from "./schema.js";

/** Without its format: that is a secret only those who write its parts need. */
export function toUpload(row: UploadTable): Upload {
  const tags = unpackJson(row.tags) as Tag[] | undefined;
  const lock = unpackJson(row.lock) as ObjectLock | undefined;
  const acl = unpackJson(row.acl) as Acl | undefined;
  const encryption = unpackJson(row.encryption) as Encryption | undefined;
  return {
    id: row.id,
    bucket: row.bucket,
    key: fromKeyText(row.key),
    owner: row.owner,
    createdAt: row.created_at,
    state: row.state,
    content: unpackJson(row.content) ?? {},
    metadata: (unpackJson(row.metadata) ?? {}) as Record<string, string>,
    ...(row.checksum_algorithm === null ? {} : { checksumAlgorithm: row.checksum_algorithm as ChecksumAlgorithm }),
    ...(row.checksum_type === null ? {} : { checksumType: row.checksum_type as ChecksumType }),
    ...(tags ? { tags } : {}),
    ...(lock ? { lock } : {}),
    ...(acl ? { acl } : {}),
    ...(encryption ? { encryption } : {}),
  };
}

export function toPart(row: Selectable<PartTable>): Part {
  const checksum = unpackJson(row.checksum) as Checksum | undefined;
  return {
    partNumber: row.part_number,
    size: row.size,
    etag: row.etag,
    ...(checksum ? { checksum } : {}),
    blob: row.blob as BlobId,
    createdAt: row.created_at,
  };
}
