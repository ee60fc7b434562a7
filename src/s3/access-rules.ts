import type { AccessRule } from "../gateway/gateway.js";

type RuleOptions = Partial<Omit<AccessRule, "resource" | "action">>;

/** A rule about the requester's own account. Anonymous requesters are refused. */
export const onService = (action: string): AccessRule => ({ resource: "service", action, anonymous: false });

/** A rule about the addressed bucket. A policy or an ACL can allow it to anonymous requesters. */
export const onBucket = (action: string, options: RuleOptions = {}): AccessRule => ({
  resource: "bucket",
  action,
  anonymous: true,
  ...options,
});

/** A rule about the addressed object, or the version of it that the request names. */
export const onObject = (action: string, options: RuleOptions = {}): AccessRule => ({
  resource: "object",
  action,
  anonymous: true,
  ...options,
});

/** A rule about an upload, whose initiator has rights of its own (see AccessRule.initiator). */
export const onUpload = (action: string, initiator: "only" | "also"): AccessRule => ({
  resource: "upload",
  action,
  // Anonymous requesters cannot initiate uploads.
  anonymous: initiator === "also",
  initiator,
});
