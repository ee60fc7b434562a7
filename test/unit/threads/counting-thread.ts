import Database from "libsql";
import { serveCalls, Transfer } from "../../../src/threads/thread-calls.js";

let count = 0;

const calls = {
  /** Slower for the first: what comes later must not overtake it. */
  add: async (by: number) => {
    if (count === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return (count += by);
  },
  fail: (message: string): number => {
    throw new RangeError(message);
  },
  failInSqlite: (path: string): void => {
    new Database(path);
  },
  fill: ({ bytes, value }: { readonly bytes: Uint8Array; readonly value: number }) => {
    const buffers = [bytes.buffer];
    return new Transfer(bytes.fill(value), buffers);
  },
  exit: (code: number): number => process.exit(code),
};

/** What the tests' thread does. */
export type CountingCalls = typeof calls;

serveCalls(calls);
