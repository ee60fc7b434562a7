import { fromHex, Reader, ScaleError, toHex, Writer } from "./bytes.js";

/**
 * One SCALE type: how its values are written and read, and how the metadata describes it. The chain's storage, calls
 * and events are declared with these, so the bytes and their description can not disagree.
 */
export interface Type<T> {
  readonly shape: Shape;
  write(value: T, out: Writer): void;
  read(from: Reader): T;
}

/** A type as the metadata (scale-info) sees it. `path` is the Rust path: polkadot tools recognise some of them. */
export type Shape =
  | { readonly kind: "primitive"; readonly name: "Bool" | "Str" | "U8" | "U16" | "U32" | "U64" | "U128" }
  | { readonly kind: "sequence" | "compact"; readonly of: Type<unknown> }
  | { readonly kind: "array"; readonly of: Type<unknown>; readonly length: number }
  | { readonly kind: "tuple"; readonly of: readonly Type<unknown>[] }
  | { readonly kind: "fields"; readonly fields: readonly Field[] }
  | {
      readonly kind: "composite";
      readonly path: string;
      readonly params: readonly Type<unknown>[];
      readonly fields: readonly Field[];
    }
  | {
      readonly kind: "variant";
      readonly path: string;
      readonly params: readonly Type<unknown>[];
      readonly cases: readonly Case[];
    };

export interface Field {
  readonly name?: string;
  readonly type: Type<unknown>;
}

export interface Case {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
}

export type Value<T> = T extends Type<infer V> ? V : never;
export type Fields = Readonly<Record<string, Type<unknown>>>;
export type Values<F extends Fields> = { -readonly [K in keyof F]: Value<F[K]> };

export function encode<T>(type: Type<T>, value: T): Uint8Array {
  const out = new Writer();
  type.write(value, out);
  return out.take();
}

/** Throws ScaleError when the bytes are not exactly one value of the type. */
export function decode<T>(type: Type<T>, bytes: Uint8Array): T {
  const from = new Reader(bytes);
  const value = type.read(from);
  from.end();
  return value;
}

function small(name: "U8" | "U16" | "U32", size: number): Type<number> {
  return {
    shape: { kind: "primitive", name },
    write: (value, out) => void out.uint(value, size),
    read: (from) => Number(from.uint(size)),
  };
}

function large(name: "U64" | "U128", size: number): Type<bigint> {
  return {
    shape: { kind: "primitive", name },
    write: (value, out) => void out.uint(value, size),
    read: (from) => from.uint(size),
  };
}

export const u8 = small("U8", 1);
export const u16 = small("U16", 2);
export const u32 = small("U32", 4);
export const u64 = large("U64", 8);
export const u128 = large("U128", 16);

export const bool: Type<boolean> = {
  shape: { kind: "primitive", name: "Bool" },
  write: (value, out) => void out.uint(value ? 1 : 0, 1),
  read(from) {
    const byte = from.byte();
    if (byte > 1) throw new ScaleError(`no boolean: ${byte}`);
    return byte === 1;
  },
};

export const str: Type<string> = {
  shape: { kind: "primitive", name: "Str" },
  write(value, out) {
    const bytes = Buffer.from(value, "utf8");
    out.compact(bytes.length).bytes(bytes);
  },
  read: (from) => Buffer.from(from.bytes(from.count())).toString("utf8"),
};

export function compact(of: Type<number>): Type<number>;
export function compact(of: Type<bigint>): Type<bigint>;
export function compact(of: Type<number> | Type<bigint>): Type<number> | Type<bigint> {
  const bits = of === u128 ? 128n : of === u64 ? 64n : 32n;
  const read = (from: Reader): bigint => {
    const value = from.compact();
    if (value >> bits !== 0n) throw new ScaleError(`a compact number of more than ${bits} bits`);
    return value;
  };
  const shape: Shape = { kind: "compact", of };
  const write = (value: bigint | number, out: Writer): void => void out.compact(value);
  return bits === 32n ? { shape, write, read: (from) => Number(read(from)) } : { shape, write, read };
}

/** `[u8; length]` held as hex. */
export function fixedHex(length: number): Type<string> {
  return mapped(array(length), toHex, fromHex);
}

/** `[u8; length]`. */
export function array(length: number): Type<Uint8Array> {
  return {
    shape: { kind: "array", of: u8, length },
    write(value, out) {
      if (value.length !== length) throw new ScaleError(`${length} bytes wanted, not ${value.length}`);
      out.bytes(value);
    },
    read: (from) => Uint8Array.from(from.bytes(length)),
  };
}

/** `Vec<u8>`. */
export const bytes: Type<Uint8Array> = {
  shape: { kind: "sequence", of: u8 },
  write: (value, out) => void out.compact(value.length).bytes(value),
  read: (from) => Uint8Array.from(from.bytes(from.count())),
};

/** `Vec<T>` of any length. */
export function vec<T>(of: Type<T>): Type<T[]> {
  return {
    shape: { kind: "sequence", of },
    write(values, out) {
      out.compact(values.length);
      for (const value of values) of.write(value, out);
    },
    read: (from) => Array.from({ length: from.count() }, () => of.read(from)),
  };
}

/** `BoundedVec<T, max>`: more than `max` items do not decode, as in the real runtime. */
export function bounded<T>(of: Type<T>, max: number): Type<T[]> {
  return limited(vec(of), of, max);
}

/** `BoundedVec<u8, max>` held as text, one character a byte (latin1), so that it compares and concatenates as a key. */
export function boundedText(max: number): Type<string> {
  return mapped(limited(bytes, u8, max), fromLatin1, toLatin1);
}

function limited<T extends ArrayLike<unknown>>(inner: Type<T>, of: Type<unknown>, max: number): Type<T> {
  const check = (value: T): T => {
    if (value.length > max) throw new ScaleError(`${value.length} items in a vector of at most ${max}`);
    return value;
  };
  return {
    shape: {
      kind: "composite",
      path: "bounded_collections::bounded_vec::BoundedVec",
      params: [of],
      fields: [{ type: inner }],
    },
    write: (value, out) => inner.write(check(value), out),
    read: (from) => check(inner.read(from)),
  };
}

/** A type of the same bytes and description, held differently in memory. */
export function mapped<A, B>(of: Type<A>, from: (value: A) => B, to: (value: B) => A): Type<B> {
  return {
    shape: of.shape,
    write: (value, out) => of.write(to(value), out),
    read: (reader) => from(of.read(reader)),
  };
}

export function tuple<T extends readonly unknown[]>(...of: { [K in keyof T]: Type<T[K]> }): Type<T> {
  const members = of as readonly Type<unknown>[];
  return {
    shape: { kind: "tuple", of: members },
    write: (values, out) => members.forEach((member, i) => member.write(values[i], out)),
    read: (from) => members.map((member) => member.read(from)) as unknown as T,
  };
}

export function option<T>(of: Type<T>): Type<T | undefined> {
  const cases: Case[] = [
    { name: "None", index: 0, fields: [] },
    { name: "Some", index: 1, fields: [{ type: of }] },
  ];
  return {
    shape: { kind: "variant", path: "Option", params: [of], cases },
    write(value, out) {
      out.uint(value === undefined ? 0 : 1, 1);
      if (value !== undefined) of.write(value, out);
    },
    read(from) {
      const some = bool.read(from);
      return some ? of.read(from) : undefined;
    },
  };
}

/** `uploadDeclaration` is `upload_declaration` in the metadata: our names are TypeScript's, the chain's are Rust's. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Named fields in order: what a struct, a call or an event carries. */
export function fields<F extends Fields>(of: F): Type<Values<F>> {
  const entries = Object.entries(of);
  return {
    shape: { kind: "fields", fields: entries.map(([name, type]) => ({ name: snakeCase(name), type })) },
    write(value, out) {
      const record: Record<string, unknown> = value;
      for (const [name, type] of entries) type.write(record[name], out);
    },
    read: (from) => Object.fromEntries(entries.map(([name, type]) => [name, type.read(from)])) as Values<F>,
  };
}

export function struct<F extends Fields>(path: string, of: F): Type<Values<F>> {
  const body = fields(of);
  return { ...body, shape: { kind: "composite", path, params: [], fields: fieldsOf(body) } };
}

/** `pub struct Name(T)`: a tuple struct of one field. */
export function newtype<T>(path: string, of: Type<T>): Type<T> {
  return { ...of, shape: { kind: "composite", path, params: [], fields: [{ type: of }] } };
}

/** An enum without data, held as the variant's name. */
export function names<N extends string>(path: string, ...all: readonly N[]): Type<N> {
  return {
    shape: { kind: "variant", path, params: [], cases: all.map((name, index) => ({ name, index, fields: [] })) },
    write: (value, out) => void out.uint(all.indexOf(value), 1),
    read(from) {
      const name = all[from.byte()];
      if (name === undefined) throw new ScaleError(`no variant of ${path}`);
      return name;
    },
  };
}

export type Cases = Readonly<Record<string, readonly [index: number, payload?: Type<unknown>]>>;
export type CaseValue<C extends Cases> = {
  [K in keyof C]: C[K] extends readonly [number, Type<infer V>]
    ? { readonly kind: K; readonly value: V }
    : { readonly kind: K; readonly value?: undefined };
}[keyof C];

/** An enum: `{ kind, value }`. A payload made by `fields` gives the variant named fields. */
export function variant<const C extends Cases>(
  path: string,
  of: C,
  params: readonly Type<unknown>[] = [],
): Type<CaseValue<C>> {
  const byIndex = new Map(Object.entries(of).map(([kind, [index, payload]]) => [index, { kind, payload }]));
  const cases = Object.entries(of).map(([name, [index, payload]]) => ({ name, index, fields: fieldsOf(payload) }));
  return {
    shape: { kind: "variant", path, params, cases },
    write(value, out) {
      const [index, payload] = of[value.kind as string] ?? [];
      if (index === undefined) throw new ScaleError(`no variant ${String(value.kind)} of ${path}`);
      out.uint(index, 1);
      payload?.write(value.value, out);
    },
    read(from) {
      const index = from.byte();
      const found = byIndex.get(index);
      if (found === undefined) throw new ScaleError(`no variant ${index} of ${path}`);
      return { kind: found.kind, value: found.payload?.read(from) } as CaseValue<C>;
    },
  };
}

/** A type that is known only later, or contains itself: a batch call holds calls. */
export function lazy<T>(resolve: () => Type<T>): Type<T> {
  return {
    get shape() {
      return resolve().shape;
    },
    write: (value, out) => resolve().write(value, out),
    read: (from) => resolve().read(from),
  };
}

/** A variant's payload as the metadata lists it. */
export function fieldsOf(payload: Type<unknown> | undefined): readonly Field[] {
  if (payload === undefined) return [];
  return payload.shape.kind === "fields" ? payload.shape.fields : [{ type: payload }];
}

export function fromLatin1(value: Uint8Array): string {
  return Buffer.from(value).toString("latin1");
}

export function toLatin1(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value, "latin1"));
}
