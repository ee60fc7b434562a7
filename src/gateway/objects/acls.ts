import type { Acl, AclRequest } from "../../model/acl.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

/** An ACL with the display names of the accounts in it, by Account.id. */
export type NamedAcl = Acl & { readonly names: ReadonlyMap<string, string> };

/** Access control lists of buckets and objects. Both setters reject with AccessControlListNotSupported where ACLs are disabled, and with AccessDenied for a public ACL where these are blocked. */
export interface Acls {
  ofBucket(call: BucketCall): Promise<NamedAcl>;
  setBucket(call: BucketCall, request: AclRequest): Promise<void>;
  ofObject(call: BucketCall, name: ObjectKey): Promise<NamedAcl>;
  setObject(call: BucketCall, name: ObjectKey, request: AclRequest): Promise<void>;
}
