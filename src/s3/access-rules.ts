import type { AccessRule } from "../gateway/gateway.js";

type More = Partial<Omit<AccessRule, "resource" | "action">>;

/** Asked by accounts about themselves: never without a signature. */
export const onService = (action: string): AccessRule => ({ resource: "service", action, anonymous: false });

/** Asked about the bucket that is addressed. Without a signature it is allowed where policy or ACL allow it. */
export const onBucket = (action: string, more: More = {}): AccessRule => ({
  resource: "bucket",
  action,
  anonymous: true,
  ...more,
});

/** Asked about the object that is addressed, of its version where one is named. */
export const onObject = (action: string, more: More = {}): AccessRule => ({
  resource: "object",
  action,
  anonymous: true,
  ...more,
});

/** Asked about an object's upload: who initiated it has a say of their own. */
export const onUpload = (action: string, initiator: "only" | "also"): AccessRule => ({
  resource: "upload",
  action,
  // An upload is never initiated without a signature.
  anonymous: initiator === "also",
  initiator,
});
