import { isProblem } from "../model/errors.js";

/** The HTTP status of a refusal, which is also the `code` of its envelope. */
export type RefusalCode = 400 | 401 | 403 | 404 | 405 | 409 | 411 | 413 | 416 | 429 | 500 | 501 | 503 | 504;

export interface RefusalOptions extends ErrorOptions {
  /** When it is worth to ask again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The envelope's `code`, where it is not the status. */
  readonly envelopeCode?: number;
}

/** Why a request is not served: the `code` and `msg` of the answer's envelope. */
export class Refusal extends Error {
  readonly retryAfterMs: number | undefined;
  readonly envelopeCode: number;

  constructor(
    readonly code: RefusalCode,
    message: string,
    options: RefusalOptions = {},
  ) {
    super(message, options);
    this.name = "Refusal";
    this.retryAfterMs = options.retryAfterMs;
    this.envelopeCode = options.envelopeCode ?? code;
  }
}

export const BUSY = new Refusal(503, "server busy", { retryAfterMs: 1_000 });
export const NOT_FOUND = new Refusal(404, "Not found");

/** What a requester is told of a failure. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isProblem(error, "fileUnverifiable")) return new Refusal(404, error.message);
  if (isProblem(error, "wrongCipher")) return new Refusal(403, error.message);
  if (isProblem(error, "noCipherNeeded")) return new Refusal(400, error.message);
  if (isProblem(error, "objectUnavailable")) return new Refusal(504, error.message);
  if (isProblem(error, "overloaded", "catalogBusy", "dependencyUnavailable")) return BUSY;
  if (error instanceof Error && error.name === "ChainUnavailable")
    return new Refusal(503, "the chain cannot be asked, please try again later", { retryAfterMs: 10_000 });
  return new Refusal(500, "system error");
}
