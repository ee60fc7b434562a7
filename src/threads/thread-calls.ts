import { types } from "node:util";
import { parentPort } from "node:worker_threads";
import { asError, DomainError, type Problem } from "../model/errors.js";

/** What a thread can be asked to do: functions of one argument. What goes in and out is cloned. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Only so may the functions differ in their arguments.
export type ThreadCalls = Readonly<Record<string, (argument: any) => unknown>>;

/** Buffers of a result that are given away with it, without copying. */
export class Transfer<T> {
  constructor(
    readonly value: T,
    readonly buffers: readonly ArrayBufferLike[],
  ) {}
}

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** `problem`: the error was a DomainError of it, which cloning would make a plain Error. */
export type AnswerMessage =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: Error; readonly problem?: Problem };

/** What a call rejects with. */
export function errorOf({ error, problem }: Extract<AnswerMessage, { readonly error: Error }>): Error {
  return problem ? new DomainError(problem, error.message, { cause: error }) : error;
}

/**
 * For the module that a ThreadPool's threads run: serves the calls, one after the other in the order in which they were
 * made. A rejection goes to the caller, as a DomainError if it is one, else as a plain Error.
 */
export function serveCalls(calls: ThreadCalls): void {
  let last: Promise<void> = Promise.resolve();
  parentPort?.on("message", (message: CallMessage) => {
    last = last.then(() => serve(calls, message));
  });
  // A call that cannot be read has no number to answer to: the thread ends, and with it all its calls.
  parentPort?.on("messageerror", (error: Error) => {
    throw error;
  });
}

async function serve(calls: ThreadCalls, { id, name, argument }: CallMessage): Promise<void> {
  try {
    const result = await calls[name]?.(argument);
    if (result instanceof Transfer) answer({ id, value: result.value }, result.buffers as ArrayBuffer[]);
    else answer({ id, value: result });
  } catch (error) {
    const problem = error instanceof DomainError ? { problem: error.problem } : {};
    answer({ id, error: clonable(asError(error)), ...problem });
  }
}

/** Cloning makes an object without a message of an error that is none to the engine, such as SQLite's. */
function clonable(error: Error): Error {
  if (types.isNativeError(error)) return error;
  const { message, stack, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), { stack, code });
}

function answer(message: AnswerMessage, buffers: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, buffers);
}
