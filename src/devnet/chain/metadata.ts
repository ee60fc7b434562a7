import { TypeRegistry } from "@polkadot/types";
import { accountType, type PalletTypes, type RuntimeTypes } from "./runtime-types.js";
import { toHex } from "./scale/bytes.js";
import { encode, type Case, type Field, type Shape, type Type } from "./scale/types.js";
import { keyType, type StorageItem } from "./storage.js";

export const METADATA_VERSION = 14;
const MAGIC_AND_VERSION = Uint8Array.of(...Buffer.from("meta", "ascii"), METADATA_VERSION);

/** Frame metadata V14, as `state_getMetadata` answers it. */
export function metadataOf(runtime: RuntimeTypes): Uint8Array {
  const lookup = new Lookup();
  const pallets = runtime.pallets.map((types) => palletOf(types, lookup));
  const extrinsic = {
    type: lookup.id(runtime.extrinsic),
    version: 4,
    signedExtensions: runtime.signedExtensions.map(({ identifier, type, additionalSigned }) => ({
      identifier,
      type: lookup.id(type),
      additionalSigned: lookup.id(additionalSigned),
    })),
  };
  for (const named of [runtime.call, runtime.event, accountType]) lookup.id(named);
  const type = lookup.id(runtime.runtime);
  const registry = new TypeRegistry();
  // Written part by part: a codec for the whole would also have to read the types, which only clients need.
  const parts = [
    registry.createType("Vec<PortableTypeV14>", lookup.types),
    registry.createType("Vec<PalletMetadataV14>", pallets),
    registry.createType("ExtrinsicMetadataV14", extrinsic),
    registry.createType("SiLookupTypeId", type),
  ];
  return Uint8Array.from(Buffer.concat([MAGIC_AND_VERSION, ...parts.map((part) => part.toU8a())]));
}

function palletOf({ pallet, calls, events, errors }: PalletTypes, lookup: Lookup): Record<string, unknown> {
  return {
    name: pallet.name,
    index: pallet.index,
    storage: pallet.storage && {
      prefix: pallet.storage.prefix,
      items: pallet.storage.items.map((item) => itemOf(item, lookup)),
    },
    calls: calls && { type: lookup.id(calls) },
    events: events && { type: lookup.id(events) },
    errors: errors && { type: lookup.id(errors) },
    constants: Object.entries(pallet.constants ?? {}).map(([name, { type, value }]) => ({
      name,
      type: lookup.id(type),
      value: `0x${toHex(encode(type, value))}`,
      docs: [],
    })),
  };
}

function itemOf(item: StorageItem, lookup: Lookup): Record<string, unknown> {
  const value = lookup.id(item.value);
  const { map } = item;
  return {
    name: item.name,
    modifier: item.fallback === undefined ? "Optional" : "Default",
    type:
      map === undefined
        ? { Plain: value }
        : { Map: { hashers: map.keys.map(() => map.hasher), key: lookup.id(keyType(map.keys)), value } },
    fallback: item.fallback === undefined ? "0x00" : `0x${toHex(item.fallback)}`,
    docs: [],
  };
}

interface PortableType {
  readonly id: number;
  readonly type: unknown;
}

/** Numbers every type that is mentioned, once for each structure; types may contain themselves. */
class Lookup {
  readonly types: PortableType[] = [];
  private readonly known = new Map<Shape, number>();
  private readonly same = new Map<string, number>();

  id(type: Type<unknown>): number {
    const { shape } = type;
    const known = this.known.get(shape);
    if (known !== undefined) return known;
    // Only enums contain themselves (a batch call holds calls), so they get their number before their members.
    if (shape.kind === "variant") {
      const id = this.reserve();
      this.known.set(shape, id);
      this.define(id, this.describe(shape));
      return id;
    }
    const described = this.describe(shape);
    const text = JSON.stringify(described);
    const id = this.same.get(text) ?? this.reserve();
    if (!this.same.has(text)) this.define(id, described);
    this.same.set(text, id);
    this.known.set(shape, id);
    return id;
  }

  private reserve(): number {
    this.types.push({ id: this.types.length, type: undefined });
    return this.types.length - 1;
  }

  private define(id: number, type: unknown): void {
    this.types[id] = { id, type };
  }

  private describe(shape: Shape): Record<string, unknown> {
    const path = "path" in shape ? shape.path.split("::") : [];
    const params =
      "params" in shape
        ? shape.params.map((type, i) => ({ name: parameterName(shape.path, i), type: this.id(type) }))
        : [];
    return { path, params, def: this.definition(shape), docs: [] };
  }

  private definition(shape: Shape): Record<string, unknown> {
    switch (shape.kind) {
      case "primitive":
        return { Primitive: shape.name };
      case "sequence":
        return { Sequence: { type: this.id(shape.of) } };
      case "compact":
        return { Compact: { type: this.id(shape.of) } };
      case "array":
        return { Array: { len: shape.length, type: this.id(shape.of) } };
      case "tuple":
        return { Tuple: shape.of.map((type) => this.id(type)) };
      case "fields":
      case "composite":
        return { Composite: { fields: shape.fields.map((field) => this.field(field)) } };
      case "variant":
        return { Variant: { variants: shape.cases.map((one) => this.variant(one)) } };
    }
  }

  private variant({ name, index, fields }: Case): Record<string, unknown> {
    return { name, index, fields: fields.map((field) => this.field(field)), docs: [] };
  }

  private field({ name, type }: Field): Record<string, unknown> {
    return { name: name ?? null, type: this.id(type), typeName: null, docs: [] };
  }
}

const EXTRINSIC_PARAMETERS = ["Address", "Call", "Signature", "Extra"];

function parameterName(path: string, index: number): string {
  return (path.endsWith("UncheckedExtrinsic") ? EXTRINSIC_PARAMETERS[index] : undefined) ?? "T";
}
