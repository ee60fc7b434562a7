import type { Retention } from "../../model/object-lock.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";

/** Object lock of versions. All methods but the last reject with InvalidRequest if the bucket has no object lock. */
export interface Locks {
  /** NoSuchObjectLockConfiguration. */
  retention(call: BucketCall, name: ObjectKey): Promise<Retention>;
  /** Sets the retention; undefined removes it. AccessDenied if the retention in force forbids the change. */
  setRetention(
    call: BucketCall,
    name: ObjectKey,
    retention: Retention | undefined,
    bypassGovernance: boolean,
  ): Promise<void>;
  /** NoSuchObjectLockConfiguration. */
  legalHold(call: BucketCall, name: ObjectKey): Promise<"ON" | "OFF">;
  setLegalHold(call: BucketCall, name: ObjectKey, legalHold: "ON" | "OFF"): Promise<void>;
  /** InvalidArgument if the bucket has no object lock: there is no retention to bypass. */
  requireBypassable(call: BucketCall): Promise<void>;
}
