import type { Acl, AclRequest } from "../../model/acl.js";
import type { ObjectOwnership, Payer, PublicAccessBlock } from "../../model/public-access.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "../objects/objects.js";

/** An ACL with the display names of the accounts in it, by Account.id. */
export type NamedAcl = Acl & { readonly names: ReadonlyMap<string, string> };

/** Who may use a bucket and its objects, beside their owner. */
export interface Permissions {
  /** The JSON as it was set; NoSuchBucketPolicy. */
  policy(call: BucketCall): Promise<string>;
  /** NoSuchBucketPolicy. */
  policyIsPublic(call: BucketCall): Promise<boolean>;
  /** MalformedPolicy; AccessDenied for a public one where these are blocked. */
  setPolicy(call: BucketCall, text: string): Promise<void>;
  deletePolicy(call: BucketCall): Promise<void>;
  /** NoSuchPublicAccessBlockConfiguration. */
  publicAccessBlock(call: BucketCall): Promise<PublicAccessBlock>;
  setPublicAccessBlock(call: BucketCall, block: PublicAccessBlock): Promise<void>;
  deletePublicAccessBlock(call: BucketCall): Promise<void>;
  /** OwnershipControlsNotFoundError. */
  ownership(call: BucketCall): Promise<ObjectOwnership>;
  /** InvalidBucketAclWithObjectOwnership where the bucket's ACL grants something to others. */
  setOwnership(call: BucketCall, ownership: ObjectOwnership): Promise<void>;
  deleteOwnership(call: BucketCall): Promise<void>;
  /** The bucket's owner where nothing was set. */
  requestPayment(call: BucketCall): Promise<Payer>;
  setRequestPayment(call: BucketCall, payer: Payer): Promise<void>;
  bucketAcl(call: BucketCall): Promise<NamedAcl>;
  /** AccessControlListNotSupported where ACLs are disabled; AccessDenied for a public one where these are blocked. */
  setBucketAcl(call: BucketCall, request: AclRequest): Promise<void>;
  objectAcl(call: BucketCall, name: ObjectKey): Promise<NamedAcl>;
  setObjectAcl(call: BucketCall, name: ObjectKey, request: AclRequest): Promise<void>;
}

