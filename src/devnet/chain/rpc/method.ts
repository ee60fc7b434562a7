import type { Chain } from "../chain.js";
import type { Faults } from "../faults.js";
import type { Runtime } from "../runtime.js";
import { fromHex, toHex } from "../scale/bytes.js";
import type { StoredBlock } from "../store.js";
import { invalidParams, RpcError } from "./rpc-error.js";

export interface RpcComponents {
  readonly chain: Chain;
  readonly runtime: Runtime;
  readonly faults: Faults;
}

/** Calls back on every result of a subscription. */
export type Notify = (result: unknown) => void;

/** What a method may use of the connection it came by. Plain HTTP has no subscriptions. */
export interface Subscriber {
  /** `start` begins it and returns what ends it. `notification`: the method name its results carry. Returns its id. */
  subscribe(notification: string, start: (notify: Notify, end: () => void) => () => void): string;
  /** False when there was none. */
  unsubscribe(id: string): boolean;
}

export type Method = (params: Params, components: RpcComponents, subscriber: Subscriber) => unknown;
export type Methods = Readonly<Record<string, Method>>;

/** Positional parameters, checked as they are read. */
export class Params {
  constructor(readonly all: readonly unknown[]) {}

  has(index: number): boolean {
    return this.all[index] !== undefined && this.all[index] !== null;
  }

  text(index: number): string {
    const value = this.all[index];
    if (typeof value !== "string") throw invalidParams(`parameter ${index + 1} must be a text`);
    return value;
  }

  number(index: number): number {
    const value = this.all[index];
    const number = typeof value === "string" && /^0x[0-9a-f]{1,8}$/i.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0)
      throw invalidParams(`parameter ${index + 1} must be a number`);
    return number;
  }

  bool(index: number): boolean {
    const value = this.all[index];
    if (typeof value !== "boolean") throw invalidParams(`parameter ${index + 1} must be true or false`);
    return value;
  }

  /** Lower-case hex digits without `0x`. */
  hex(index: number): string {
    return hexOf(this.text(index), `parameter ${index + 1}`);
  }

  bytes(index: number): Uint8Array {
    return fromHex(this.hex(index));
  }

  hexList(index: number): string[] {
    const value = this.all[index];
    if (!Array.isArray(value)) throw invalidParams(`parameter ${index + 1} must be a list`);
    return value.map((item: unknown) => hexOf(item, `parameter ${index + 1}`));
  }
}

export function prefixed(bytes: Uint8Array | string): string {
  return `0x${typeof bytes === "string" ? bytes : toHex(bytes)}`;
}

/** The block a method asks for by hash, or the best one. */
export function blockAt(chain: Chain, params: Params, index: number): StoredBlock {
  if (!params.has(index)) return chain.best;
  const hash = params.hex(index);
  const block = chain.components.store.byHash(hash);
  if (block === undefined)
    throw new RpcError(4003, `Client error: UnknownBlock: Header was not found in the database: 0x${hash}`);
  return block;
}

function hexOf(value: unknown, what: string): string {
  if (typeof value !== "string" || !/^0x(?:[0-9a-f]{2})*$/i.test(value))
    throw invalidParams(`${what} must be hex with 0x before it`);
  return value.slice(2).toLowerCase();
}
