/** Failures that a caller can act on, in the domain's terms. `kind` distinguishes them. */
export type Problem =
  | { readonly kind: "noBucket" | "bucketNotEmpty"; readonly bucket: string }
  /** There is no object of this key, where a condition asks for one. */
  | { readonly kind: "noObject"; readonly key: string }
  /** The key's object is not as the caller's conditions ask. */
  | { readonly kind: "preconditionFailed"; readonly key: string }
  /** No upload of this id is open. */
  | { readonly kind: "noUpload"; readonly uploadId: string }
  /** A part was uploaded again after the caller had listed it. */
  | { readonly kind: "partReplaced"; readonly partNumber: number }
  /** The source of a copy was deleted meanwhile; a new attempt sees what is there now. */
  | { readonly kind: "copySourceDeleted" }
  /** The account has a file in another form than a copy would need it in. */
  | { readonly kind: "fileHeldOtherwise" }
  /** A retention or a legal hold forbids it. */
  | { readonly kind: "objectLocked" }
  /** `tag`: the key of the tag that is wrong, at most 128 UTF-16 units of it. */
  | { readonly kind: "invalidTag"; readonly tag?: string }
  /** `action`: the action that is wrong, at most 60 UTF-16 units of it. */
  | { readonly kind: "invalidPolicy"; readonly action?: string }
  /** `keyId`: at most 200 UTF-16 units of it. */
  | {
      readonly kind: "noKmsKey" | "kmsKeyDisabled" | "kmsKeyUnsuitable" | "kmsKeyForbidden";
      readonly keyId: string;
    }
  /** A quota of the operator leaves no room. `used` and `limit` are bytes or objects. */
  | {
      readonly kind: "quotaExceeded";
      readonly subject: string;
      readonly what: "bytes" | "objects";
      readonly limit: number;
      readonly used: number;
    }
  /** A session token that this gateway did not make, or not for this access key. */
  | { readonly kind: "invalidToken" }
  /** A session that is over. */
  | { readonly kind: "expiredToken" }
  /** No room is left on a disk, or in the memory that stands for one. */
  | { readonly kind: "storageFull" }
  /** Too many changes wait for the catalog. Temporary. */
  | { readonly kind: "catalogBusy" }
  /** Too much work waits. Temporary. */
  | { readonly kind: "overloaded" }
  /** What the work depends on (the chain, a key server, the catalog's disk) does not answer. */
  | { readonly kind: "dependencyUnavailable" }
  /** The bytes cannot be had from the network, or not from as near as was asked. */
  | { readonly kind: "objectUnavailable" }
  /** The cipher that came with a request does not open the file. */
  | { readonly kind: "wrongCipher" }
  /** A cipher came with a request for a file that is not encrypted with one. */
  | { readonly kind: "noCipherNeeded" }
  /** What is asked for needs an object that is stored on the network; `state`: the one that it is in. */
  | { readonly kind: "notStored"; readonly state: string }
  /** Something about the object that no receipt can tell of it. */
  | { readonly kind: "noReceipt" }
  /** What the chain lists under a FID cannot be that file: none of its bytes can ever be verified. */
  | { readonly kind: "fileUnverifiable" }
  /**
   * Staged bytes are not those that were written, or are gone. `slices`: which ones, of which blobs. `path`: the file on
   * the gateway's disk. `why`: what is wrong with it, for operators.
   */
  | {
      readonly kind: "stagedBytesDamaged";
      readonly path: string;
      readonly slices: readonly DamagedSlice[];
      readonly why: string;
    };

/** `length` bytes from byte `offset` of a blob. */
export interface DamagedSlice {
  readonly blob: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * A failure that is caused by the request or by the state of the system, not by a bug. `message` says what happened, and
 * may be shown to clients. gateway/s3-error.ts maps each kind to an S3 code.
 */
export class DomainError extends Error {
  /** Of `problem`. */
  readonly kind: Problem["kind"];

  constructor(
    readonly problem: Problem,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "DomainError";
    this.kind = problem.kind;
  }
}

/** Whether a failure is a DomainError of one of these kinds. */
export function isProblem(failure: unknown, ...kinds: readonly Problem["kind"][]): failure is DomainError {
  return failure instanceof DomainError && kinds.includes(failure.kind);
}

/** What was thrown, or what a signal was aborted with, as an Error: either may be anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
