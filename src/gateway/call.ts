import type { Account, KeyLimits, Session } from "../model/account.js";
import type { Bucket } from "../model/bucket.js";
import type { Upload } from "../model/object.js";
import type { Policy } from "../model/policy.js";
import type { ConditionContext } from "../model/policy-condition.js";
import type { Waits } from "../model/waits.js";

/**
 * What an operation asks permission for. Each operation's row has one. The decision is made once, before the request's
 * document is read and the service runs.
 */
export interface AccessRule {
  /**
   * What permission is asked for. `newBucket`: a bucket that does not exist yet. `objects`: the bucket; the service then
   * asks about each object. `upload`: the object, and the upload that the request names.
   */
  readonly resource: "service" | "newBucket" | "bucket" | "object" | "objects" | "upload";
  /** The action's name in policies, such as `s3:GetObject`. If the request names a version, `forVersion` changes it. */
  readonly action: string;
  /** Whether a policy or an ACL can allow this to anonymous requesters. */
  readonly anonymous: boolean;
  /**
   * `only`: only the upload's initiator is allowed, whatever policy and ACL say. `also`: the initiator is allowed without
   * further permission.
   */
  readonly initiator?: "only" | "also";
  /** Tools use the operation to test whether a bucket exists. Of an access key's limits, only `buckets` applies. */
  readonly probe?: true;
  /** Headers may set an ACL, tags and locks together with what is created. Each of these needs its own permission. */
  readonly creates?: "object" | "upload";
}

/** The properties of a request that permissions depend on. */
export interface AccessRequest {
  /** Such as `GetObject`. */
  readonly operation: string;
  readonly rule: AccessRule;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly uploadId?: string | undefined;
  /** Further actions that the request's headers ask for, such as `s3:PutObjectAcl`. */
  readonly furtherActions: readonly string[];
  readonly anonymous: boolean;
  /** The requester agrees to pay: x-amz-request-payer. */
  readonly pays: boolean;
  /** The permanent access key: of a session, the one that it came from. A policy that names a key means its sessions, too. */
  readonly accessKeyId?: string | undefined;
  readonly limits?: KeyLimits | undefined;
  /** Identity and session policies: each must allow every action of the request. */
  readonly policies?: readonly Policy[] | undefined;
  /** Present if the request was signed with temporary credentials. */
  readonly session?: Session | undefined;
  /** Takes condition keys in lower case. */
  readonly conditions: ConditionContext;
  /** The Account.id that must own the bucket, and the one that must own a copy's source bucket. */
  readonly expectedOwner?: string | undefined;
  readonly expectedSourceOwner?: string | undefined;
}

/** Who waits for an answer. */
export interface Client {
  /** Aborts when it is gone. Made when it is first read: most requests are answered before anything listens. */
  readonly signal: AbortSignal;
}

export interface Call {
  /** The requester. */
  readonly account: Account;
  readonly client: Client;
  /** The ID of the request in the answer. */
  readonly requestId?: string;
  /** What the requester should know beside the answer: each is a header `x-cess-warning`. Absent: nobody is told. */
  readonly warnings?: string[];
  /** Counts how long the request waits for others. */
  readonly waits?: Waits;
  /** Absent if the gateway itself acts in the account's name. */
  readonly access?: AccessRequest;
}

/** A permitted call, with the bucket that was resolved for the decision. */
export interface BucketCall extends Call {
  readonly bucket: Bucket;
}

/** A permitted call about an upload. `upload` is undefined if no upload has this ID. */
export interface UploadCall extends BucketCall {
  readonly upload: Upload | undefined;
}

/** A further target of a request, with its own permission: a copy's source, or one of many objects. */
export interface AccessTarget {
  readonly action: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** A copy's source, which may have an expected owner of its own. */
  readonly source?: true;
}

/** A request that waits for its decision. */
export interface RequestCall extends Call {
  readonly access: AccessRequest;
}

/** Who may do what: asked once for each request, before its service runs. */
export interface Access {
  /**
   * Decides on the call's rule, and returns the call with the resolved bucket or upload: a BucketCall or an UploadCall,
   * depending on the rule's resource. AccessDenied; NoSuchBucket comes first, as in S3.
   */
  permit(call: RequestCall): Promise<Call>;
}
