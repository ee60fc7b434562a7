import { AccountId, MultiAddress, MultiSignature, Phase, H256, type Spec } from "./cess-types.js";
import type { CallValue, Pallet } from "./pallet.js";
import { ScaleError } from "./scale/bytes.js";
import {
  bytes,
  compact,
  encode,
  fields,
  newtype,
  snakeCase,
  struct,
  tuple,
  u128,
  u32,
  u8,
  variant,
  vec,
  type Fields,
  type Type,
} from "./scale/types.js";

/** A pallet's enums, made once so that everything that mentions them means the same type. */
export interface PalletTypes {
  readonly pallet: Pallet;
  readonly calls?: Type<unknown>;
  readonly events?: Type<unknown>;
  readonly errors?: Type<unknown>;
}

/** One signed extension: what it puts into the extrinsic, and what it adds to the bytes that are signed. */
export interface SignedExtension {
  readonly identifier: string;
  readonly type: Type<unknown>;
  readonly additionalSigned: Type<unknown>;
}

const NOTHING = tuple();

/** The 256 forms of a mortal or immortal era: its first byte says which, a second follows all but the first. */
const Era = variant(
  "sp_runtime::generic::era::Era",
  Object.fromEntries([
    ["Immortal", [0]] as const,
    ...Array.from({ length: 255 }, (_, i) => [`Mortal${i + 1}`, [i + 1, u8]] as const),
  ]),
);

/** A struct that names its type parameters. */
function generic(path: string, params: readonly Type<unknown>[], body: Type<unknown>): Type<unknown> {
  return {
    ...body,
    shape: { kind: "composite", path, params, fields: "fields" in body.shape ? body.shape.fields : [] },
  };
}

function marker(path: string): Type<unknown> {
  return struct(path, {});
}

/** The real runtime's, in its order. CheckMqSequence carries and signs nothing; spec 136 has none. */
export function signedExtensions(spec: Spec): readonly SignedExtension[] {
  return SIGNED_EXTENSIONS.filter(({ identifier }) => spec !== 136 || identifier !== "CheckMqSequence");
}

const SIGNED_EXTENSIONS: readonly SignedExtension[] = [
  {
    identifier: "CheckNonZeroSender",
    type: marker("frame_system::extensions::check_non_zero_sender::CheckNonZeroSender"),
    additionalSigned: NOTHING,
  },
  {
    identifier: "CheckSpecVersion",
    type: marker("frame_system::extensions::check_spec_version::CheckSpecVersion"),
    additionalSigned: u32,
  },
  {
    identifier: "CheckTxVersion",
    type: marker("frame_system::extensions::check_tx_version::CheckTxVersion"),
    additionalSigned: u32,
  },
  {
    identifier: "CheckGenesis",
    type: marker("frame_system::extensions::check_genesis::CheckGenesis"),
    additionalSigned: H256,
  },
  {
    identifier: "CheckMortality",
    type: newtype("frame_system::extensions::check_mortality::CheckMortality", Era),
    additionalSigned: H256,
  },
  {
    identifier: "CheckNonce",
    type: newtype("frame_system::extensions::check_nonce::CheckNonce", compact(u32)),
    additionalSigned: NOTHING,
  },
  {
    identifier: "CheckWeight",
    type: marker("frame_system::extensions::check_weight::CheckWeight"),
    additionalSigned: NOTHING,
  },
  {
    identifier: "CheckMqSequence",
    type: marker("ces_pallet_mq::check_seq::CheckMqSequence"),
    additionalSigned: NOTHING,
  },
  {
    identifier: "ChargeTransactionPayment",
    type: newtype("pallet_transaction_payment::ChargeTransactionPayment", compact(u128)),
    additionalSigned: NOTHING,
  },
];

/** An event as it is recorded: during which extrinsic, of which pallet, what. */
export interface EventRecord {
  /** undefined: before the first extrinsic. */
  readonly extrinsic: number | undefined;
  readonly pallet: Pallet;
  readonly event: string;
  readonly value: Record<string, unknown>;
}

/** The enums over all pallets, and how their values are read and written. */
export class RuntimeTypes {
  readonly pallets: readonly PalletTypes[];
  readonly signedExtensions: readonly SignedExtension[];
  readonly call: Type<CallValue>;
  readonly event: Type<unknown>;
  readonly eventRecord: Type<unknown>;
  readonly extrinsic: Type<unknown>;
  readonly runtime = marker("cess_node_runtime::Runtime");

  constructor(spec: Spec, pallets: readonly Pallet[]) {
    this.signedExtensions = signedExtensions(spec);
    this.pallets = [...pallets].sort((a, b) => a.index - b.index).map(typesOf);
    this.call = this.callType();
    this.event = outer("cess_node_runtime::RuntimeEvent", this.pallets, ({ events }) => events);
    const record = struct("", { phase: Phase, event: this.event, topics: vec(H256) });
    this.eventRecord = generic("frame_system::EventRecord", [this.event, H256], record);
    this.extrinsic = this.extrinsicType();
  }

  encodeEvent({ extrinsic, pallet, event, value }: EventRecord): Uint8Array {
    const phase = extrinsic === undefined ? { kind: "Initialization" } : { kind: "ApplyExtrinsic", value: extrinsic };
    return encode(this.eventRecord, { phase, event: { kind: pallet.name, value: { kind: event, value } }, topics: [] });
  }

  private callType(): Type<CallValue> {
    const enumeration = outer("cess_node_runtime::RuntimeCall", this.pallets, ({ calls }) => calls);
    const byName = new Map(this.pallets.map(({ pallet }) => [pallet.name, pallet]));
    return {
      shape: enumeration.shape,
      write: ({ pallet, name, args }, out) =>
        enumeration.write({ kind: pallet.name, value: { kind: snakeCase(name), value: args } }, out),
      read(from) {
        const outer = enumeration.read(from) as {
          kind: string;
          value: { kind: string; value: Record<string, unknown> };
        };
        const pallet = byName.get(outer.kind);
        const name = Object.keys(pallet?.calls ?? {}).find((call) => snakeCase(call) === outer.value.kind);
        if (pallet === undefined || name === undefined) throw new ScaleError("no such call");
        return { pallet, name, args: outer.value.value };
      },
    };
  }

  /**
   * Wrapped as in the real runtime: the inner type's parameters are where tools look for address, call and signature.
   */
  private extrinsicType(): Type<unknown> {
    const extra = tuple(...this.signedExtensions.map(({ type }) => type));
    const params = [MultiAddress, this.call, MultiSignature, extra];
    const inner = generic("sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic", params, newtype("", bytes));
    return generic("fp_self_contained::unchecked_extrinsic::UncheckedExtrinsic", params, newtype("", inner));
  }
}

/** The account type is named nowhere else, yet tools ask for it. */
export const accountType: Type<unknown> = AccountId;

function typesOf(pallet: Pallet): PalletTypes {
  const module =
    pallet.name === "System" ? "frame_system::pallet" : `pallet_${snakeCase(pallet.name).slice(1)}::pallet`;
  const calls = pallet.calls && entriesOf(pallet.calls, (name, { index, args }) => [snakeCase(name), index, args]);
  const events = pallet.events && entriesOf(pallet.events, (name, args, index) => [name, index, args]);
  return {
    pallet,
    ...(calls && { calls: enumOf(`${module}::Call`, calls) }),
    ...(events && { events: enumOf(`${module}::Event`, events) }),
    ...(pallet.errors && {
      errors: enumOf(
        `${module}::Error`,
        pallet.errors.map((name, index) => [name, index, {}]),
      ),
    }),
  };
}

type EnumEntry = [name: string, index: number, args: Fields];

function entriesOf<T>(
  record: Readonly<Record<string, T>>,
  entry: (name: string, value: T, index: number) => EnumEntry,
): EnumEntry[] {
  return Object.entries(record).map(([name, value], index) => entry(name, value, index));
}

function enumOf(path: string, entries: readonly EnumEntry[]): Type<unknown> {
  return variant(path, Object.fromEntries(entries.map(([name, index, args]) => [name, [index, fields(args)]])));
}

function outer(
  path: string,
  pallets: readonly PalletTypes[],
  pick: (types: PalletTypes) => Type<unknown> | undefined,
): Type<unknown> {
  const cases = pallets.flatMap((types) => {
    const type = pick(types);
    return type === undefined ? [] : [[types.pallet.name, [types.pallet.index, type]] as const];
  });
  return variant(path, Object.fromEntries(cases));
}
