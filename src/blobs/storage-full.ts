import { DomainError } from "../model/errors.js";

/** A full device or an exhausted quota becomes a DomainError `storageFull`. */
export function asStorageFull(error: unknown): unknown {
  const full = error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
  return full
    ? new DomainError({ kind: "storageFull" }, "The gateway's staging disk is full.", { cause: error })
    : error;
}
