import type { ColumnType, Generated } from "kysely";
import type { JobKind } from "./catalog.js";
import type { Flag } from "./column-types.js";

/* Tables by which gateways share their work. Times are as in `Schema`. */

/** One row, with id 1: what is counted grows with each change of it. */
export interface ConfigurationMarkTable {
  id: number;
  /** Of buckets and their configurations. */
  buckets: number;
  /** Of accounts and access keys. */
  identities: number;
}

/** The gateways that use the catalog. Times are those of their own clocks. */
export interface GatewayTable {
  id: string;
  /** Random, of each start. */
  incarnation: string;
  /** Random, of its data folder. */
  place: string;
  host: string;
  folder: string;
  version: string;
  /** The newest migration that its program knows. */
  schema: string;
  /** Where it stages bytes, and a token that whoever uses the same place finds there; null: in its data folder. */
  staging: string | null;
  /** URL of its S3 listener; null while it starts. */
  address: string | null;
  started_at: number;
  seen_at: number;
  /** Grows with each sign of life. */
  beats: number;
}

/** One row for each job. A lease moves `due_at` to its end, so a job whose lease expires is due by itself. */
export interface JobTable {
  id: Generated<number>;
  kind: JobKind;
  subject: number;
  due_at: number;
  leased: Flag;
  /** The job was woken while leased: it is due at once when it is released. */
  woken: Flag;
  attempt: number;
  failure: string | null;
  /** JSON: SealedFormat; null is plain. */
  format: string | null;
  created_at: number;
  /** The gateway that leased it last. */
  holder: ColumnType<string, string | undefined, string>;
  /** Its fencing number: how many times it was leased. */
  lease: ColumnType<number, number | undefined, number>;
}

/** Names that are leased. Tokens grow and are never reused. */
export interface LockTable {
  token: Generated<number>;
  name: string;
  /** A gateway's id. */
  holder: string;
  until_at: number;
}

/** Nonces of accounts that several gateways sign for, from when one is taken until a final block settles it. */
export interface ExtrinsicTable {
  id: Generated<number>;
  account: string;
  nonce: number;
  /** The gateway that took it. */
  holder: string;
  /** Without bytes it is anybody's again from then on. */
  reserved_until_at: number;
  /** It can be included up to this block. */
  until_block: number | null;
  /** The final block at which it was sent last. */
  sent_block: number | null;
  /** The signed extrinsic in hex; null until it is signed. */
  bytes: string | null;
}

/** The highest final block of each chain that a gateway has answered from. */
export interface FinalBlockTable {
  /** Hash of the chain's first block. */
  genesis: string;
  number: number;
}

/** What a bucket holds beyond its row in `bucket_usage`; a slot may be below nothing. */
export interface UsageSlotTable {
  bucket: string;
  slot: number;
  bytes: number;
  upload_bytes: number;
  objects: number;
}

/** One row, with id 1: whether the catalog can be written. */
export interface HeartbeatTable {
  id: number;
  beat_at: number;
}
