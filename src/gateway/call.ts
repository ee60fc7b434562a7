import type { Account, KeyLimits } from "../model/account.js";
import type { Bucket } from "../model/bucket.js";
import type { Upload } from "../model/object.js";
import type { ConditionContext } from "../model/policy-condition.js";

/**
 * What an operation asks permission for. It stands in the operation's row, and is decided once, before the operation's
 * document is read and its service runs.
 */
export interface AccessRule {
  /**
   * What is asked about. `newBucket`: one that is not there yet. `objects`: the bucket; its service then asks about each
   * object. `upload`: the object, and the upload that the request names.
   */
  readonly resource: "service" | "newBucket" | "bucket" | "object" | "objects" | "upload";
  /** The permission as policies name it, `s3:GetObject`: of a named version, the one that forVersion gives. */
  readonly action: string;
  /** Whether a request without a signature is allowed where policy or ACL allow it, or never. */
  readonly anonymous: boolean;
  /** `only`: nobody but who initiated the upload, whatever policy and ACL allow. `also`: who initiated it needs no more. */
  readonly initiator?: "only" | "also";
  /** Tools ask this to find out that a bucket is there: of an access key's limits only those on buckets apply. */
  readonly probe?: true;
  /** Headers may set ACL, tags and locks along with what is created, and each of these has a permission of its own. */
  readonly creates?: "object" | "upload";
}

/** A request as permissions see it. */
export interface AccessRequest {
  /** As `GetObject`. */
  readonly operation: string;
  readonly rule: AccessRule;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly uploadId?: string | undefined;
  /** Further actions that the request's headers ask for, as `s3:PutObjectAcl`. */
  readonly also: readonly string[];
  readonly anonymous: boolean;
  /** The requester says that it pays: x-amz-request-payer. */
  readonly pays: boolean;
  readonly accessKeyId?: string;
  readonly limits?: KeyLimits | undefined;
  /** Condition keys in lower case. */
  readonly conditions: ConditionContext;
  /** Account.id the client expects to own the bucket, and a copy's source bucket. */
  readonly expectedOwner?: string | undefined;
  readonly expectedSourceOwner?: string | undefined;
}

/** Who asks, and until when they listen. */
export interface Call {
  readonly account: Account;
  readonly signal: AbortSignal;
  /** As the answer names it. */
  readonly requestId?: string;
  /** Absent: the gateway itself acts in the account's name. */
  readonly access?: AccessRequest;
}

/** A call that is permitted, with what was resolved to decide that. */
export interface BucketCall extends Call {
  readonly bucket: Bucket;
}

/** The same about an upload; undefined where there is none of this ID. */
export interface UploadCall extends BucketCall {
  readonly upload: Upload | undefined;
}

/** What is asked beside what the request addresses: a copy's source, one of many objects. */
export interface AccessTarget {
  readonly action: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** A copy's source, which may have an expected owner of its own. */
  readonly source?: true;
}

/** A request that is to be decided on. */
export interface RequestCall extends Call {
  readonly access: AccessRequest;
}

/** Who may do what: asked once for each request, before its service runs. */
export interface Access {
  /**
   * Decides on what the call's rule asks, and returns the call with what was resolved on the way: a BucketCall or an
   * UploadCall, as the rule's resource says. AccessDenied; NoSuchBucket, which comes first, as in S3.
   */
  permit(call: RequestCall): Promise<Call>;
}
