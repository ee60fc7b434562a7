import type { Catalog } from "../../catalog/catalog.js";
import { cannedAcl, isPublicAcl, MAX_GRANTS, privateAcl, type Acl, type AclRequest } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import type { Accounts } from "./accounts.js";
import { bucketAccess, type BucketAccess } from "./bucket-access.js";
import type { BucketCall } from "../call.js";

/** The ACL that a request asks for. */
export function aclOf(request: AclRequest, owner: string, bucketOwner: string): Acl {
  return "canned" in request ? cannedAcl(request.canned, owner, bucketOwner) : { owner, grants: request.grants };
}

/**
 * InvalidArgument for a grant to an unknown account (the owner counts as known), InvalidRequest for more grants than S3
 * takes.
 */
export function requireGrantees({ grants }: Acl, accounts: Accounts, owner: string): void {
  if (grants.length > MAX_GRANTS)
    throw new S3Error("InvalidRequest", { message: `The ACL has more than ${MAX_GRANTS} grants.` });
  for (const { grantee } of grants) {
    if ("id" in grantee && grantee.id !== owner && !accounts.owner(grantee.id)) {
      throw new S3Error("InvalidArgument", {
        message: "Invalid id",
        fields: { ArgumentName: "CanonicalUser/ID", ArgumentValue: grantee.id.slice(0, 128) },
      });
    }
  }
}

/** AccessDenied for a public ACL if the bucket blocks public ACLs. */
export function requireUnblocked(acl: Acl, { block }: BucketAccess): void {
  if (block.blockPublicAcls && isPublicAcl(acl))
    throw new S3Error("AccessDenied", {
      message: "Public ACLs are blocked by the bucket's PublicAccessBlock configuration.",
    });
}

/** Where ACLs are disabled, only the canned ACLs that change nothing are taken. AccessControlListNotSupported. */
function requireDefaultAcl(request: AclRequest | undefined): void {
  if (!request || ("canned" in request && /^(private|bucket-owner-full-control)$/.test(request.canned))) return;
  throw new S3Error("AccessControlListNotSupported");
}

/** Listed versions with their owners. While ACLs are disabled, the bucket's owner owns them all. */
export async function withOwners<Listed extends { readonly owner: string }>(
  catalog: Catalog,
  bucket: Bucket,
  listed: readonly Listed[],
): Promise<readonly Listed[]> {
  if (listed.every(({ owner }) => owner === bucket.owner) || (await bucketAccess(catalog, bucket)).acls) return listed;
  return listed.map((each) => ({ ...each, owner: bucket.owner }));
}

/** The ACL of a new object; undefined if only the bucket's owner has access. */
export async function newObjectAcl(
  components: { readonly catalog: Catalog; readonly accounts: Accounts },
  call: BucketCall,
  request: AclRequest | undefined,
): Promise<Acl | undefined> {
  const { bucket } = call;
  // The usual case needs no further read: the owner writes without an ACL.
  if (!request && call.account.id === bucket.owner) return undefined;
  const access = await bucketAccess(components.catalog, bucket);
  if (!access.acls) {
    requireDefaultAcl(request);
    return undefined;
  }
  const toBucketOwner =
    access.ownership === "BucketOwnerPreferred" &&
    request &&
    "canned" in request &&
    request.canned === "bucket-owner-full-control";
  const owner = toBucketOwner ? bucket.owner : call.account.id;
  const acl = request ? aclOf(request, owner, bucket.owner) : privateAcl(owner);
  requireGrantees(acl, components.accounts, owner);
  requireUnblocked(acl, access);
  return owner === bucket.owner && (!request || ("canned" in request && request.canned === "private"))
    ? undefined
    : acl;
}
