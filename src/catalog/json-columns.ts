import { z } from "zod";
import type { KeyLimits } from "../model/account.js";
import { permissions, type Acl } from "../model/acl.js";
import { checksumAlgorithms, type Checksum } from "../model/checksum.js";
import type { Encryption } from "../model/encryption.js";
import { eventNames, TEST_EVENT, type EventSource, type ObjectEvent } from "../model/notification.js";
import { LEASE_EVENT, type LeaseEvent } from "../model/lease.js";
import { retentionModes, type ObjectLock } from "../model/object-lock.js";
import type { ContentHeaders, ObjectPart } from "../model/object.js";
import type { Tag } from "../model/tag.js";
import type { UploadResult } from "./ports/upload-catalog.js";

/**
 * A column that holds JSON of one kind. It is validated when it is read: a row may be damaged, or written by another
 * version of this program. Null stands for nothing, and for an object or list without members.
 */
export class JsonColumn<Value extends object> {
  constructor(
    private readonly name: string,
    private readonly schema: z.ZodType<Value>,
  ) {}

  pack(value: Value | undefined): string | null {
    return value === undefined || Object.keys(value).length === 0 ? null : JSON.stringify(value);
  }

  /** Throws Error for text that is not such a value. */
  unpack(column: string | null): Value | undefined {
    return column === null ? undefined : this.parse(column);
  }

  /** As `unpack`, for a column that is never null. */
  parse(column: string): Value {
    try {
      return this.schema.parse(JSON.parse(column));
    } catch (cause) {
      throw new Error(`the catalog has a row whose ${this.name} cannot be read`, { cause });
    }
  }
}

/**
 * A schema for each member, including optional ones: a new member of the type does not compile until it is added here.
 */
type Members<Value> = Record<keyof Value, z.ZodType>;

const text = z.string();
const optionalText = text.exactOptional();
const count = z.number().int().nonnegative();
/** Clients choose the names, and `__proto__` is allowed, which zod's records leave out. */
const texts = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string"),
);

const checksum = z.strictObject({
  algorithm: z.enum(checksumAlgorithms),
  type: z.enum(["COMPOSITE", "FULL_OBJECT"]),
  value: text,
} satisfies Members<Checksum>);

export const checksumColumn = new JsonColumn<Checksum>("checksum", checksum);

export const partsColumn = new JsonColumn<readonly ObjectPart[]>(
  "parts",
  z.array(
    z.strictObject({
      partNumber: count,
      size: count,
      checksum: checksum.exactOptional(),
    } satisfies Members<ObjectPart>),
  ),
);

export const tagsColumn = new JsonColumn<readonly Tag[]>(
  "tags",
  z.array(z.strictObject({ key: text, value: text } satisfies Members<Tag>)),
);

export const lockColumn = new JsonColumn<ObjectLock>(
  "lock",
  z.strictObject({
    retention: z.strictObject({ mode: z.enum(retentionModes), until: z.number() }).exactOptional(),
    legalHold: z.enum(["ON", "OFF"]).exactOptional(),
  } satisfies Members<ObjectLock>),
);

export const aclColumn = new JsonColumn<Acl>(
  "ACL",
  z.strictObject({
    owner: text,
    grants: z.array(
      z.strictObject({
        grantee: z.union([z.strictObject({ id: text }), z.strictObject({ group: text })]),
        permission: z.enum(permissions),
      }),
    ),
  } satisfies Members<Acl>),
);

export const encryptionColumn = new JsonColumn<Encryption>(
  "encryption",
  z.strictObject({
    algorithm: z.enum(["AES256", "aws:kms", "customer", "cess-cbc"]),
    keyId: optionalText,
    context: optionalText,
    bucketKey: z.boolean().exactOptional(),
    wrapped: optionalText,
  } satisfies Members<Encryption>),
);

export const contentColumn = new JsonColumn<ContentHeaders>(
  "content headers",
  z.strictObject({
    contentType: optionalText,
    contentEncoding: optionalText,
    contentDisposition: optionalText,
    contentLanguage: optionalText,
    cacheControl: optionalText,
    expires: optionalText,
    websiteRedirectLocation: optionalText,
    storageClass: optionalText,
  } satisfies Members<ContentHeaders>),
);

export const metadataColumn = new JsonColumn<Readonly<Record<string, string>>>("metadata", texts);

export const uploadResultColumn = new JsonColumn<UploadResult>(
  "result",
  z.strictObject({
    etag: text,
    versionId: text,
    checksum: checksum.exactOptional(),
    chargedBytes: z.number().exactOptional(),
    partEtags: z.array(text),
  } satisfies Members<UploadResult>),
);

export const keyLimitsColumn = new JsonColumn<KeyLimits>(
  "access key's limits",
  z.strictObject({
    buckets: z.array(text).exactOptional(),
    prefixes: z.array(text).exactOptional(),
    permission: z.enum(["read", "write", "read-write"]).exactOptional(),
    expiresAt: z.number().exactOptional(),
  } satisfies Members<KeyLimits>),
);

const objectEvent = z.strictObject({
  event: z.enum([...eventNames, TEST_EVENT]),
  rule: text,
  source: z.strictObject({ principal: text, address: text, requestId: text } satisfies Members<EventSource>),
  bucket: text,
  region: text,
  bucketOwner: text,
  key: text,
  versionId: optionalText,
  size: count.exactOptional(),
  etag: optionalText,
  fid: optionalText,
} satisfies Members<ObjectEvent>);

const leaseEvent = z.strictObject({
  event: z.literal(LEASE_EVENT),
  account: text,
  cessAccount: text,
  territory: text,
  state: text,
  days: count,
  endsAt: z.number(),
} satisfies Members<LeaseEvent>);

export const eventColumn = new JsonColumn<ObjectEvent | LeaseEvent>(
  "event",
  z.discriminatedUnion("event", [objectEvent, leaseEvent]),
);
