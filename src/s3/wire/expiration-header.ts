import type { AbortSchedule, Expiry } from "../../model/lifecycle.js";
import { formatHttpDate } from "./http-date.js";
import { encodePercent } from "./percent.js";

/** `x-amz-expiration`: when a lifecycle rule will end the object, and which one. */
export function expirationText(expiry: Expiry | undefined): string | undefined {
  return expiry && `expiry-date="${formatHttpDate(expiry.at)}", rule-id="${encodePercent(expiry.rule)}"`;
}

/** When a lifecycle rule will abort the upload, and which one. */
export function abortHeaders({ ends }: AbortSchedule): Record<string, string | undefined> {
  return { "x-amz-abort-date": ends && formatHttpDate(ends.at), "x-amz-abort-rule-id": ends?.rule };
}
