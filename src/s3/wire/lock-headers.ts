import { S3Error } from "../../gateway/s3-error.js";
import { retentionModes, type ObjectLock, type Retention } from "../../model/object-lock.js";
import type { Headers } from "./headers.js";
import { defined } from "../../model/defined.js";

const MODE = "x-amz-object-lock-mode";
const UNTIL = "x-amz-object-lock-retain-until-date";
const HOLD = "x-amz-object-lock-legal-hold";

const invalid = (name: string, value: string, message: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: name, ArgumentValue: value.slice(0, 100) } });

/** The lock that a write asks for, if any. InvalidArgument. */
export function lockHeaders(headers: Headers): ObjectLock | undefined {
  const retention = retentionHeaders(headers);
  const legalHold = headers.get(HOLD);
  if (legalHold !== undefined && legalHold !== "ON" && legalHold !== "OFF")
    throw invalid(HOLD, legalHold, "Legal Hold must be either of 'ON' or 'OFF'");
  if (!retention && !legalHold) return undefined;
  return defined({ retention, legalHold });
}

function retentionHeaders(headers: Headers): Retention | undefined {
  const asked = headers.get(MODE);
  const date = headers.get(UNTIL);
  if (asked === undefined && date === undefined) return undefined;
  if (asked === undefined || date === undefined) {
    throw new S3Error("InvalidArgument", { message: `${UNTIL} and ${MODE} must both be supplied` });
  }
  const mode = retentionModes.find((known) => known === asked);
  if (!mode) throw invalid(MODE, asked, "Unknown wormMode directive.");
  const until = Date.parse(date);
  if (Number.isNaN(until)) throw invalid(UNTIL, date, "The retain until date must be provided in ISO 8601 format");
  return { mode, until };
}

export function bypassesGovernance(headers: Headers): boolean {
  return headers.get("x-amz-bypass-governance-retention")?.toLowerCase() === "true";
}
