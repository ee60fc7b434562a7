import type { Acl, AclRequest } from "../../model/acl.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

/** An ACL with the display names of the accounts in it, by Account.id. */
export type NamedAcl = Acl & { readonly names: ReadonlyMap<string, string> };

/**
 * Access control lists of buckets and objects. Setters reject with AccessControlListNotSupported if ACLs are disabled,
 * and with AccessDenied for a public ACL if the bucket blocks public ACLs.
 */
export interface Acls {
  getBucket(call: BucketCall): Promise<NamedAcl>;
  setBucket(call: BucketCall, request: AclRequest): Promise<void>;
  getObject(call: BucketCall, name: ObjectKey): Promise<NamedAcl>;
  setObject(call: BucketCall, name: ObjectKey, request: AclRequest): Promise<void>;
}
