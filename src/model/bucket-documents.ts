import { z } from "zod";
import type { LoggingConfiguration } from "./access-log.js";
import { permissions, type Acl, type Grant } from "./acl.js";
import type { Versioning } from "./bucket.js";
import { corsMethods, type CorsRule } from "./cors.js";
import type { DefaultEncryption } from "./encryption.js";
import { transitionClasses, type LifecycleConfiguration } from "./lifecycle.js";
import { eventGroups, eventNames, type NotificationConfiguration } from "./notification.js";
import { retentionModes, type LockConfiguration } from "./object-lock.js";
import type { Policy } from "./policy.js";
import { parsePolicy } from "./policy-document.js";
import { objectOwnerships, payers, type ObjectOwnership, type Payer, type PublicAccessBlock } from "./public-access.js";
import type { Tag } from "./tag.js";
import type { WebsiteConfiguration } from "./website.js";

/** A bucket policy: the owner's text, which reads return, and the parsed policy, which is evaluated. */
export interface BucketPolicy {
  readonly text: string;
  readonly policy: Policy;
}

/** How a document is written in the catalog. `parse` throws if the text is no such document. */
interface Codec<Document> {
  parse(text: string, bucket: string): Document;
  write(document: Document): string;
}

const json = <Document>(schema: z.ZodType<Document>): Codec<Document> => ({
  parse: (text) => schema.parse(JSON.parse(text)),
  write: (document) => JSON.stringify(document),
});
/** A document of one word, without quotes. */
const word = <Word extends string>(words: readonly Word[]): Codec<Word> => ({
  parse: (text) => z.enum(words).parse(text),
  write: (document) => document,
});

const texts = z.array(z.string());
const text = z.string().exactOptional();
const count = z.number().int().nonnegative();
const grantee = z.union([z.strictObject({ id: z.string() }), z.strictObject({ group: z.string() })]);
const grants: z.ZodType<Grant[]> = z.array(z.strictObject({ grantee, permission: z.enum(permissions) }));
const tags: z.ZodType<Tag[]> = z.array(z.strictObject({ key: z.string(), value: z.string() }));
const days = z.strictObject({ days: count });
const date = z.strictObject({ date: z.number() });
const transitionClass = z.enum(transitionClasses);

const redirect = z.strictObject({
  protocol: z.enum(["http", "https"]).exactOptional(),
  host: text,
  replacePrefixWith: text,
  replaceKeyWith: text,
  status: count.exactOptional(),
});

const lifecycleRule = z.strictObject({
  id: z.string(),
  enabled: z.boolean(),
  filter: z.strictObject({
    form: z.enum(["prefix", "filter", "and"]),
    prefix: text,
    tags: tags.exactOptional(),
    sizeOver: z.number().exactOptional(),
    sizeUnder: z.number().exactOptional(),
  }),
  expiration: z.union([days, date, z.strictObject({ deleteMarkers: z.boolean() })]).exactOptional(),
  noncurrent: z.strictObject({ days: count, keep: count.exactOptional() }).exactOptional(),
  abortUploadsAfterDays: count.exactOptional(),
  transitions: z.array(z.strictObject({ storageClass: transitionClass, at: z.union([days, date]) })).exactOptional(),
  noncurrentTransitions: z
    .array(z.strictObject({ storageClass: transitionClass, days: count, keep: count.exactOptional() }))
    .exactOptional(),
});

/**
 * The bucket documents, by their names in the catalog. Each row has the document's type and its form in the catalog.
 * Documents are validated when they are read, too: a row may be damaged, or written by another version of this program.
 */
const codecs = {
  acl: json<Acl>(z.strictObject({ owner: z.string(), grants })),
  cors: json<readonly CorsRule[]>(
    z.array(
      z.strictObject({
        id: text,
        origins: texts,
        methods: z.array(z.enum(corsMethods)),
        headers: texts,
        exposed: texts,
        maxAge: z.number().exactOptional(),
      }),
    ),
  ),
  encryption: json<DefaultEncryption>(
    z.strictObject({
      algorithm: z.enum(["AES256", "aws:kms", "cess-cbc"]),
      keyId: text,
      bucketKey: z.boolean().exactOptional(),
      blocksCustomerKeys: z.boolean().exactOptional(),
    }),
  ),
  lifecycle: json<LifecycleConfiguration>(
    z.strictObject({ rules: z.array(lifecycleRule), transitionDefaultMinimumObjectSize: z.string() }),
  ),
  logging: json<LoggingConfiguration>(
    z.strictObject({
      targetBucket: z.string(),
      targetPrefix: z.string(),
      grants,
      keyFormat: z.enum(["simple", "EventTime", "DeliveryTime"]).exactOptional(),
    }),
  ),
  notification: json<NotificationConfiguration>(
    z.strictObject({
      rules: z.array(
        z.strictObject({
          id: z.string(),
          webhook: z.string(),
          events: z.array(z.enum([...eventNames, ...eventGroups])),
          prefix: text,
          suffix: text,
        }),
      ),
    }),
  ),
  "object-lock": json<LockConfiguration>(
    z.strictObject({
      defaultRetention: z
        .strictObject({
          mode: z.enum(retentionModes),
          days: count.exactOptional(),
          years: count.exactOptional(),
        })
        .exactOptional(),
    }),
  ),
  ownershipControls: word<ObjectOwnership>(objectOwnerships),
  policy: {
    parse: (text, bucket) => ({ text, policy: parsePolicy(text, bucket) }),
    write: ({ text }) => text,
  } as Codec<BucketPolicy>,
  publicAccessBlock: json<PublicAccessBlock>(
    z.strictObject({
      blockPublicAcls: z.boolean(),
      ignorePublicAcls: z.boolean(),
      blockPublicPolicy: z.boolean(),
      restrictPublicBuckets: z.boolean(),
    }),
  ),
  requestPayment: word<Payer>(payers),
  tagging: json<readonly Tag[]>(tags),
  versioning: word<Versioning>(["Enabled", "Suspended"]),
  website: json<WebsiteConfiguration>(
    z.union([
      z.strictObject({ redirectAll: z.strictObject({ host: z.string(), protocol: redirect.shape.protocol }) }),
      z.strictObject({
        index: z.string(),
        error: text,
        rules: z.array(z.strictObject({ prefix: text, errorStatus: count.exactOptional(), redirect })),
      }),
    ]),
  ),
};

export type DocumentName = keyof typeof codecs;
export type BucketDocument<Name extends DocumentName> =
  (typeof codecs)[Name] extends Codec<infer Document> ? Document : never;
/** Several documents of one bucket. */
export type DocumentSet = { readonly [Name in DocumentName]?: BucketDocument<Name> };

export const documentNames = Object.keys(codecs) as readonly DocumentName[];

/** The text of a document for the catalog. */
export function writeDocument<Name extends DocumentName>(name: Name, document: BucketDocument<Name>): string {
  return (codecs[name] as Codec<BucketDocument<Name>>).write(document);
}

/** The catalog's text of a document is no such document. */
export class DamagedDocument extends Error {
  constructor(bucket: string, name: DocumentName, cause: unknown) {
    super(`the catalog's ${name} document of bucket ${bucket} is damaged`, { cause });
    this.name = "DamagedDocument";
  }
}

/** Parses and validates the catalog's text of a document. Throws DamagedDocument. */
export function readDocument<Name extends DocumentName>(
  bucket: string,
  name: Name,
  text: string,
): BucketDocument<Name> {
  try {
    return (codecs[name] as Codec<BucketDocument<Name>>).parse(text, bucket);
  } catch (cause) {
    throw new DamagedDocument(bucket, name, cause);
  }
}

/** All documents of one bucket, as read from the catalog. Each is parsed once, when it is first needed. */
export class BucketDocuments {
  private readonly parsed = new Map<DocumentName, unknown>();

  constructor(
    private readonly bucket: string,
    private readonly texts: ReadonlyMap<DocumentName, string>,
  ) {}

  /** Undefined if the document was never set. Throws DamagedDocument. */
  get<Name extends DocumentName>(name: Name): BucketDocument<Name> | undefined {
    const text = this.texts.get(name);
    if (text === undefined) return undefined;
    const known = this.parsed.get(name) as BucketDocument<Name> | undefined;
    if (known !== undefined) return known;
    const document = readDocument(this.bucket, name, text);
    this.parsed.set(name, document);
    return document;
  }
}
