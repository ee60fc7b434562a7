import type { Catalog } from "../../catalog/catalog.js";
import type { Keys } from "../../keys/keys.js";
import type { LoggingConfiguration } from "../../model/access-log.js";
import type { BucketDocument, DocumentName } from "../../model/bucket-documents.js";
import { requireBucketTags } from "../limits.js";
import { S3Error } from "../s3-error.js";
import type { Policy } from "../../model/policy.js";
import { requireActions } from "../../model/policy-actions.js";
import { isNamed, isPublicPolicy } from "../../model/policy-decision.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import type { Accounts } from "../access/accounts.js";
import { bucketAccess } from "../access/bucket-access.js";
import { requireGrantees, requireUnblocked } from "../access/object-acl.js";
import type { BucketCall } from "../call.js";

export interface CheckComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
  readonly keys: Keys;
  /** Names of the webhooks the operator has configured. */
  readonly webhooks: readonly string[];
}

type Check<Name extends DocumentName> = (
  components: CheckComponents,
  call: BucketCall,
  document: BucketDocument<Name>,
) => void | Promise<void>;

/** S3's conditions on a document that depend on more than its form. They are checked before it is set on a bucket. */
const checks: { readonly [Name in DocumentName]?: Check<Name> } = {
  /** A KMS key need not exist yet, as on AWS. A cipher must, so that a misspelt name is reported at once. */
  encryption({ keys }, _call, { algorithm, keyId }) {
    if (algorithm === "cess-cbc") keys.cipher(keyId ?? "");
  },

  /** InvalidTargetBucketForLogging, AccessControlListNotSupported, InvalidArgument. */
  logging: (components, { bucket }, configuration) => requireTarget(components, configuration, bucket.owner),

  /** InvalidArgument for a webhook that the operator has not configured. */
  notification({ webhooks }, _call, { rules }) {
    for (const { webhook } of rules) if (!webhooks.includes(webhook)) throw unknownDestination(webhook);
  },

  "object-lock"(_components, { bucket }) {
    if (bucket.versioning === "Enabled") return;
    throw new S3Error("InvalidBucketState", {
      message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    });
  },

  /** InvalidBucketAclWithObjectOwnership if the bucket's ACL has grants to others than its owner. */
  async ownershipControls({ catalog }, { bucket }, ownership) {
    if (ownership !== "BucketOwnerEnforced") return;
    const { acl } = await bucketAccess(catalog, bucket);
    if (acl.grants.some(({ grantee }) => !("id" in grantee && grantee.id === bucket.owner)))
      throw new S3Error("InvalidBucketAclWithObjectOwnership");
  },

  /** MalformedPolicy; AccessDenied for a public policy if the bucket blocks public policies. */
  async policy({ catalog, accounts }, { bucket }, { policy }) {
    requireActions(policy);
    requirePrincipals(accounts, policy);
    const { block } = await bucketAccess(catalog, bucket);
    if (block.blockPublicPolicy && isPublicPolicy(policy)) {
      throw new S3Error("AccessDenied", {
        message: "Public policies are blocked by the bucket's PublicAccessBlock configuration.",
      });
    }
  },

  /** InvalidTag, InvalidArgument. */
  tagging(_components, _call, tags) {
    requireTags(tags, TAG_LIMITS.bucket);
    requireBucketTags(tags);
  },

  /** InvalidBucketState: a bucket with object lock keeps its versioning enabled. */
  async versioning({ catalog }, { bucket }, state) {
    if (state === "Enabled" || (await catalog.documents.get(bucket.name, "object-lock")) === undefined) return;
    throw new S3Error("InvalidBucketState", {
      message: "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
      resource: bucket.name,
    });
  },
};

/** Rejects with S3's error if the call's bucket cannot have this document. */
export async function checkDocument<Name extends DocumentName>(
  components: CheckComponents,
  call: BucketCall,
  name: Name,
  document: BucketDocument<Name>,
): Promise<void> {
  await checks[name]?.(components, call, document);
}

const invalidTarget = (message: string, bucket: string) =>
  new S3Error("InvalidTargetBucketForLogging", { message, fields: { TargetBucket: bucket } });

async function requireTarget(
  { catalog, accounts }: CheckComponents,
  { targetBucket: name, grants }: LoggingConfiguration,
  owner: string,
): Promise<void> {
  const target = await catalog.buckets.get(name);
  if (!target) throw invalidTarget("The target bucket for logging does not exist", name);
  if (target.owner !== owner)
    throw invalidTarget("The owner for the bucket to be logged and the target bucket must be the same.", name);
  if (grants.length === 0) return;
  const access = await bucketAccess(catalog, target);
  if (!access.acls)
    throw new S3Error("AccessControlListNotSupported", {
      message: "The target bucket does not allow ACLs. Remove TargetGrants, or enable ACLs on the target bucket.",
    });
  requireGrantees({ owner, grants }, accounts, owner);
  requireUnblocked({ owner, grants }, access);
}

/** MalformedPolicy for an account that does not exist: a Deny for a misspelt account would deny nothing. */
function requirePrincipals(accounts: Accounts, { statements }: Policy): void {
  const known = (name: string) =>
    accounts.all.some(({ id, displayName }) =>
      [name, name.replace(/:user\/.*$/s, ":root")].some((form) => isNamed(form, { id, displayName })),
    );
  const stranger = statements
    .flatMap(({ principals }) => principals.names)
    .find((name) => name !== "*" && !known(name));
  if (stranger !== undefined)
    throw new S3Error("MalformedPolicy", {
      message: "Invalid principal in policy",
      fields: { Detail: stranger.slice(0, 200) },
    });
}

function unknownDestination(webhook: string): S3Error {
  return new S3Error("InvalidArgument", {
    message: "Unable to validate the following destination configurations: the gateway has no webhook of this name",
    fields: { ArgumentName: webhook, ArgumentValue: "The destination queue does not exist" },
  });
}
