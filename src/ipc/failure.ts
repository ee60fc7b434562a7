import { asError, DomainError, type Problem } from "../model/errors.js";

/** What a call rejects with, as it is sent. */
export interface SentFailure {
  readonly message: string;
  /** Of a DomainError. */
  readonly problem?: Problem;
  /** The error's class, where its caller must know it. */
  readonly name: string;
  readonly stack?: string | undefined;
  /** What is to be known of a stream that broke off. */
  readonly trailer?: unknown;
}

/** The other process is not there: its callers are told to try again. */
export function unavailable(message: string, cause?: unknown): DomainError {
  return new DomainError({ kind: "dependencyUnavailable" }, message, { cause });
}

export function sentFailure(thrown: unknown, trailer?: unknown): SentFailure {
  const error = asError(thrown);
  return {
    message: error.message,
    name: error.name,
    stack: error.stack,
    ...(error instanceof DomainError ? { problem: error.problem } : {}),
    ...(trailer === undefined ? {} : { trailer }),
  };
}

/** As it was thrown there: a DomainError is one again, anything else an Error with its name, and the stack as its cause. */
export function receivedFailure({ message, name, problem, stack }: SentFailure): Error {
  const there = Object.assign(new Error(message), { name, stack: stack ?? message });
  if (problem) return new DomainError(problem, message, { cause: there });
  return Object.assign(new Error(message, { cause: there }), { name });
}
