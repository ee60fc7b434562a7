import pg from "pg";
import { DomainError } from "../../model/errors.js";

/** The connection is of no use any more, or nobody knows: what was asked last may have been done or not. */
export class ConnectionLost extends Error {
  constructor(options: { readonly cause: unknown }) {
    super("the connection to the catalog's database was lost", options);
    this.name = "ConnectionLost";
  }
}

/** The SQLSTATE of a failure that the server has answered with. Failures of the connection have codes too, as EPIPE. */
function stateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/**
 * Classes of failures after which a connection is not used again: 08 (connection), 57P (the server ends it, or cannot
 * take it), 58 and XX (faults of the server), 25P03 and 25P04 (transaction timeouts, which end the connection).
 */
const LOST = /^(?:08|57P|58|XX|25P0[34])/;
/** 53: too many connections, out of memory; 57014: a statement took too long; 25006: the server only reads. */
const UNAVAILABLE = /^(?:53|57014|25006|28|3D)/;

/** As the store's own code sees a failure of the driver: with a SQLSTATE, or ConnectionLost. */
export function sorted(error: unknown): unknown {
  const state = stateOf(error);
  return state === undefined || LOST.test(state) ? new ConnectionLost({ cause: error }) : error;
}

/** A statement was planned before another program changed the schema. Nothing was done; a new connection plans anew. */
export function isStalePlan(error: unknown): boolean {
  return stateOf(error) === "0A000" && error instanceof Error && error.message.includes("cached plan");
}

/** Nothing of the transaction was done, and another run may well succeed: it could not be ordered, or waited in a circle. */
export function mayRunAgain(error: unknown): boolean {
  const state = stateOf(error);
  return state === "40001" || state === "40P01" || isStalePlan(error);
}

/** `lastUnless`: the statement must not be the transaction's last. Nothing was done. */
export function isNotLast(error: unknown): boolean {
  return stateOf(error) === "22012";
}

/** What callers get for a failure of the database; other failures are as they were. */
export function translated(error: unknown): unknown {
  const state = stateOf(error);
  if (state === "53100")
    return new DomainError({ kind: "storageFull" }, "The disk of the catalog's database is full.", { cause: error });
  if (error instanceof ConnectionLost || UNAVAILABLE.test(state ?? ""))
    return new DomainError(
      { kind: "dependencyUnavailable" },
      "The catalog's database does not answer at the moment; please try again.",
      { cause: error },
    );
  return error;
}

/** What becomes of a failed COMMIT: an answer of the server says that nothing was done; without one nobody knows. */
export function commitFailure(error: unknown): unknown {
  if (stateOf(error) !== undefined) return translated(error);
  return new DomainError(
    { kind: "dependencyUnavailable" },
    "The catalog's database was lost while the change was committed: it is not known whether it was made.",
    { cause: error },
  );
}
