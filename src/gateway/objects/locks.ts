import type { Retention } from "../../model/object-lock.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

/** All of single versions: InvalidRequest where the bucket has no object lock. */
export interface Locks {
  /** NoSuchObjectLockConfiguration. */
  retention(call: BucketCall, name: ObjectKey): Promise<Retention>;
  /** Undefined removes it. AccessDenied where the retention in force forbids it. */
  setRetention(
    call: BucketCall,
    name: ObjectKey,
    retention: Retention | undefined,
    bypassGovernance: boolean,
  ): Promise<void>;
  /** NoSuchObjectLockConfiguration. */
  legalHold(call: BucketCall, name: ObjectKey): Promise<"ON" | "OFF">;
  setLegalHold(call: BucketCall, name: ObjectKey, legalHold: "ON" | "OFF"): Promise<void>;
  /** InvalidArgument where the bucket has no object lock, and so no governance that a request could bypass. */
  requireBypassable(call: BucketCall): Promise<void>;
}
