import type { BucketDocument, DocumentName } from "../../model/bucket-documents.js";
import type { DefaultEncryption } from "../../model/encryption.js";
import { S3Error, type ErrorKind } from "../s3-error.js";
import type { BucketCall } from "../call.js";
import type { BucketDocumentStore, SetOptions } from "./bucket-documents.js";
import { checkDocument, type CheckComponents } from "./document-checks.js";
import { eventSource } from "./notification-service.js";

/** The default encryption of a bucket: its own, else the operator's. */
export interface DefaultEncryptions {
  defaultOf(bucket: string): Promise<DefaultEncryption | undefined>;
}

export interface DocumentComponents extends CheckComponents {
  readonly encryption: DefaultEncryptions;
}

/** S3's error for a document that was never set. Documents without an entry are read as empty. */
const missing: Partial<Record<DocumentName, ErrorKind>> = {
  cors: "NoSuchCORSConfiguration",
  encryption: "ServerSideEncryptionConfigurationNotFoundError",
  lifecycle: "NoSuchLifecycleConfiguration",
  "object-lock": "ObjectLockConfigurationNotFoundError",
  ownershipControls: "OwnershipControlsNotFoundError",
  policy: "NoSuchBucketPolicy",
  publicAccessBlock: "NoSuchPublicAccessBlockConfiguration",
  tagging: "NoSuchTagSet",
  website: "NoSuchWebsiteConfiguration",
};

/** Reads and writes bucket documents of every name. */
export class DocumentService implements BucketDocumentStore {
  constructor(private readonly components: DocumentComponents) {}

  async find<Name extends DocumentName>({ bucket }: BucketCall, name: Name): Promise<BucketDocument<Name> | undefined> {
    const { catalog, encryption } = this.components;
    if (name === "encryption") return (await encryption.defaultOf(bucket.name)) as BucketDocument<Name> | undefined;
    return catalog.documents.get(bucket.name, name);
  }

  async get<Name extends DocumentName>(call: BucketCall, name: Name): Promise<BucketDocument<Name>> {
    const document = await this.find(call, name);
    if (document !== undefined) return document;
    const { name: bucket } = call.bucket;
    throw new S3Error(missing[name] ?? "NoSuchConfiguration", { resource: bucket, fields: { BucketName: bucket } });
  }

  async set<Name extends DocumentName>(
    call: BucketCall,
    name: Name,
    document: BucketDocument<Name>,
    { skipTest = false }: SetOptions = {},
  ): Promise<void> {
    const { catalog } = this.components;
    await checkDocument(this.components, call, name, document);
    // In S3, setting an empty document removes it.
    if (isEmpty(name, document)) return this.delete(call, name);
    await catalog.documents.put(call.bucket.name, name, document);
    if (name !== "notification" || skipTest) return;
    const { rules } = document as BucketDocument<"notification">;
    await catalog.events.test(call.bucket.name, rules, eventSource(call));
  }

  async delete({ bucket }: BucketCall, name: DocumentName): Promise<void> {
    await this.components.catalog.documents.delete(bucket.name, name);
  }

  async published<Name extends "cors" | "website">(
    bucket: string,
    name: Name,
  ): Promise<BucketDocument<Name> | undefined> {
    const documents = await this.components.catalog.documents.all(bucket);
    if (!documents) throw new S3Error("NoSuchBucket", { resource: bucket, fields: { BucketName: bucket } });
    return documents.get(name);
  }
}

function isEmpty<Name extends DocumentName>(name: Name, document: BucketDocument<Name>): boolean {
  if (name === "tagging") return (document as BucketDocument<"tagging">).length === 0;
  return name === "notification" && (document as BucketDocument<"notification">).rules.length === 0;
}
