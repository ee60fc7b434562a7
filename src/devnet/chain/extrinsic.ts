import { blake2AsU8a, ed25519Verify, secp256k1Recover, sr25519Verify } from "@polkadot/util-crypto";
import { MultiAddress, MultiSignature, type Spec } from "./cess-types.js";
import type { CallValue } from "./pallet.js";
import { fromHex, Reader, ScaleError, toHex, Writer } from "./scale/bytes.js";
import type { Type, Value } from "./scale/types.js";

const SIGNED_V4 = 0x84;
const BARE_V4 = 0x04;
/** Longer payloads are hashed before they are signed. */
const MAX_PLAIN_PAYLOAD_BYTES = 256;

export interface Era {
  /** Blocks it lasts; 0: for ever. */
  readonly period: number;
  readonly phase: number;
}

export interface SignedExtrinsic {
  /** blake2-256 of the bytes, as hex. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly signer: string;
  readonly signature: Value<typeof MultiSignature>;
  readonly era: Era;
  readonly nonce: number;
  readonly tip: bigint;
  readonly call: CallValue;
  /** Call and extensions as they stand in the extrinsic: the first part of what is signed. */
  readonly signedPart: Uint8Array;
}

/** Reads a signed extrinsic of format 4, with its length prefix. Throws ScaleError for anything else. */
export function decodeExtrinsic(bytes: Uint8Array, callType: Type<CallValue>): SignedExtrinsic {
  const from = new Reader(bytes);
  if (from.count() !== from.left) throw new ScaleError("the length prefix is wrong");
  const version = from.byte();
  if (version !== SIGNED_V4)
    throw new ScaleError(`format ${version.toString(16)} is not served, only signed extrinsics of format 4`);
  const address = MultiAddress.read(from);
  if (address.kind !== "Id") throw new ScaleError("the signer is not an account");
  const signature = MultiSignature.read(from);
  const extraAt = from.position;
  const era = readEra(from);
  const nonce = from.compact();
  if (nonce >= 2n ** 32n) throw new ScaleError("the nonce does not fit 32 bits");
  const tip = from.compact();
  const callAt = from.position;
  const call = callType.read(from);
  from.end();
  const signedPart = Buffer.concat([bytes.subarray(callAt), bytes.subarray(extraAt, callAt)]);
  const hash = toHex(blake2AsU8a(bytes, 256));
  return { hash, bytes, signer: address.value, signature, era, nonce: Number(nonce), tip, call, signedPart };
}

/** An inherent: an unsigned extrinsic of the block's author. */
export function encodeInherent(call: CallValue, callType: Type<CallValue>): Uint8Array {
  const body = new Writer().uint(BARE_V4, 1);
  callType.write(call, body);
  const bytes = body.take();
  return new Writer().compact(bytes.length).bytes(bytes).take();
}

export interface SigningContext {
  readonly spec: Spec;
  readonly transactionVersion: number;
  readonly genesisHash: string;
  /** Hash of the block in which the era began; the genesis hash for an immortal one. */
  readonly eraHash: string;
}

export function verifySignature(extrinsic: SignedExtrinsic, context: SigningContext): boolean {
  const payload = new Writer()
    .bytes(extrinsic.signedPart)
    .uint(context.spec, 4)
    .uint(context.transactionVersion, 4)
    .bytes(fromHex(context.genesisHash))
    .bytes(fromHex(context.eraHash))
    .take();
  const message = payload.length > MAX_PLAIN_PAYLOAD_BYTES ? blake2AsU8a(payload, 256) : payload;
  return verifyMessage(message, extrinsic.signature, extrinsic.signer);
}

function verifyMessage(message: Uint8Array, signature: Value<typeof MultiSignature>, signer: string): boolean {
  try {
    switch (signature.kind) {
      case "Sr25519":
        return sr25519Verify(message, signature.value, fromHex(signer));
      case "Ed25519":
        return ed25519Verify(message, signature.value, fromHex(signer));
      case "Ecdsa": {
        const key = secp256k1Recover(
          blake2AsU8a(message, 256),
          signature.value.subarray(0, 64),
          signature.value[64] ?? 0,
        );
        return toHex(blake2AsU8a(key, 256)) === signer;
      }
    }
  } catch {
    // The libraries throw for bytes that cannot be a signature or key: then it is not this signer's signature.
    return false;
  }
}

/** The block number in which an era that includes block `current` began. */
export function eraBirth({ period, phase }: Era, current: number): number {
  if (period === 0) return 0;
  return Math.floor((Math.max(current, phase) - phase) / period) * period + phase;
}

/** The first block in which an extrinsic of this era is too late. */
export function eraDeath(era: Era, current: number): number {
  return era.period === 0 ? Number.POSITIVE_INFINITY : eraBirth(era, current) + era.period;
}

function readEra(from: Reader): Era {
  const first = from.byte();
  if (first === 0) return { period: 0, phase: 0 };
  const encoded = first | (from.byte() << 8);
  const period = 2 << (encoded & 0xf);
  const phase = (encoded >> 4) * Math.max(period >> 12, 1);
  if (period < 4 || phase >= period) throw new ScaleError("not an era");
  return { period, phase };
}
