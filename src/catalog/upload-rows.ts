import type { Selectable } from "kysely";
import type { ChecksumAlgorithm, ChecksumType } from "../model/checksum.js";
import type { BlobId, Part, Upload } from "../model/object.js";
import {
  aclColumn,
  checksumColumn,
  contentColumn,
  encryptionColumn,
  lockColumn,
  metadataColumn,
  tagsColumn,
} from "./json-columns.js";
import { fromKeyText } from "./key-text.js";
import type { PartTable, UploadTable } from "./schema.js";

/** Without the format, which is secret: only writers of parts need it. */
export function toUpload(row: UploadTable): Upload {
  const tags = tagsColumn.unpack(row.tags);
  const lock = lockColumn.unpack(row.lock);
  const acl = aclColumn.unpack(row.acl);
  const encryption = encryptionColumn.unpack(row.encryption);
  return {
    id: row.id,
    bucket: row.bucket,
    key: fromKeyText(row.key),
    owner: row.owner,
    createdAt: row.created_at,
    state: row.state,
    content: contentColumn.unpack(row.content) ?? {},
    metadata: metadataColumn.unpack(row.metadata) ?? {},
    ...(row.checksum_algorithm === null ? {} : { checksumAlgorithm: row.checksum_algorithm as ChecksumAlgorithm }),
    ...(row.checksum_type === null ? {} : { checksumType: row.checksum_type as ChecksumType }),
    ...(tags ? { tags } : {}),
    ...(lock ? { lock } : {}),
    ...(acl ? { acl } : {}),
    ...(encryption ? { encryption } : {}),
  };
}

export function toPart(row: Selectable<PartTable>): Part {
  const checksum = checksumColumn.unpack(row.checksum);
  return {
    partNumber: row.part_number,
    size: row.size,
    etag: row.etag,
    ...(checksum ? { checksum } : {}),
    blob: row.blob as BlobId,
    createdAt: row.created_at,
  };
}
