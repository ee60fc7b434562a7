export const permissions = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"] as const;
export type Permission = (typeof permissions)[number];

export const ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers";
export const AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
export const LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery";
export const groups: readonly string[] = [ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY];

/** A canonical user ID, or a group's URI. */
export type Grantee = { readonly id: string } | { readonly group: string };

export interface Grant {
  readonly grantee: Grantee;
  readonly permission: Permission;
}

/** Access to a bucket or an object, in addition to the bucket's policy. */
export interface Acl {
  /** Account.id; of an object: who owns it, which need not be the bucket's owner. */
  readonly owner: string;
  readonly grants: readonly Grant[];
}

/** AWS's limit. */
export const MAX_GRANTS = 100;

export const cannedAcls = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
  "aws-exec-read",
  "log-delivery-write",
] as const;
export type CannedAcl = (typeof cannedAcls)[number];

/** An ACL in a request: the name of a canned ACL, grants, or (in a document) grants with the owner. */
export type AclRequest =
  { readonly canned: CannedAcl } | { readonly grants: readonly Grant[]; readonly owner?: string };

/** The requester: an account, or anonymous. */
export interface Requester {
  readonly id?: string;
}

const user = (id: string, permission: Permission): Grant => ({ grantee: { id }, permission });
const group = (uri: string, permission: Permission): Grant => ({ grantee: { group: uri }, permission });

export function privateAcl(owner: string): Acl {
  return { owner, grants: [user(owner, "FULL_CONTROL")] };
}

/**
 * The grants of a canned ACL. For a bucket's own ACL, `bucketOwner` is its owner, and the two `bucket-owner-*` forms
 * grant nothing.
 */
export function cannedAcl(name: CannedAcl, owner: string, bucketOwner: string): Acl {
  const more: Readonly<Record<CannedAcl, readonly Grant[]>> = {
    private: [],
    "public-read": [group(ALL_USERS, "READ")],
    "public-read-write": [group(ALL_USERS, "READ"), group(ALL_USERS, "WRITE")],
    "authenticated-read": [group(AUTHENTICATED_USERS, "READ")],
    "bucket-owner-read": bucketOwner === owner ? [] : [user(bucketOwner, "READ")],
    "bucket-owner-full-control": bucketOwner === owner ? [] : [user(bucketOwner, "FULL_CONTROL")],
    "aws-exec-read": [],
    "log-delivery-write": [group(LOG_DELIVERY, "WRITE"), group(LOG_DELIVERY, "READ_ACP")],
  };
  return { owner, grants: [...privateAcl(owner).grants, ...more[name]] };
}

const isPublicGroup = (grantee: Grantee) =>
  "group" in grantee && (grantee.group === ALL_USERS || grantee.group === AUTHENTICATED_USERS);

export function isPublicAcl({ grants }: Acl): boolean {
  return grants.some(({ grantee }) => isPublicGroup(grantee));
}

/** Whether the requester has a permission. The owner can always read and change the ACL itself. */
export function aclAllows(acl: Acl, { id }: Requester, permission: Permission, ignorePublic: boolean): boolean {
  if (id !== undefined && id === acl.owner && (permission === "READ_ACP" || permission === "WRITE_ACP")) return true;
  return acl.grants.some(({ grantee, permission: granted }) => {
    if (granted !== permission && granted !== "FULL_CONTROL") return false;
    if ("id" in grantee) return grantee.id === id;
    if (ignorePublic) return false;
    return grantee.group === ALL_USERS || (grantee.group === AUTHENTICATED_USERS && id !== undefined);
  });
}
