import { z } from "zod";
import type { Reading, ReadingStore } from "../../gateway/ingest/chain-readings.js";
import type { KeyValueStore } from "../../model/key-value-store.js";

const STORE_KEY = "territories";
/** Accounts of which others are told, those that were read last: about 300 bytes each. */
const SHARED = 5_000;
/** How long others are told of a reading, ms. */
const KEPT_MS = 86_400_000;

/** JSON has no large integers. */
const bytes = z
  .string()
  .regex(/^\d+$/)
  .transform((digits) => BigInt(digits));
const saved = z.record(
  z.string(),
  z.object({
    authorized: z.boolean(),
    at: z.number(),
    territory: z
      .object({
        total: bytes,
        used: bytes,
        locked: bytes,
        remaining: bytes,
        state: z.enum(["active", "frozen", "expired", "on-consignment"]),
        deadline: z.number(),
      })
      .optional(),
  }),
);

/** What was last read of the accounts' territories, as one value of the store, and of one that gateways share. */
export class JsonReadingStore implements ReadingStore {
  constructor(
    private readonly store: KeyValueStore,
    private readonly shared?: KeyValueStore,
    /** What this process alone stores under in its own store. */
    private readonly key = STORE_KEY,
  ) {}

  /** Of each account the newest. Empty where there is none, or nothing that can be understood. */
  async load(): Promise<ReadonlyMap<string, Reading>> {
    const others = this.shared ? read(this.shared) : Promise.resolve(NONE);
    return newestOf(await read(this.store, this.key), await others);
  }

  /** Others may be told later: that they cannot be is no error. */
  async save(readings: ReadonlyMap<string, Reading>): Promise<void> {
    await this.store.set(this.key, asJson(readings));
    const { shared } = this;
    if (!shared) return;
    const all = [...newestOf(await read(shared), readings)].sort(([, a], [, b]) => b.at - a.at).slice(0, SHARED);
    const oldest = (all[0]?.[1].at ?? 0) - KEPT_MS;
    const told = new Map(all.filter(([, { at }]) => at > oldest));
    await shared.set(STORE_KEY, asJson(told), KEPT_MS).catch(() => undefined);
  }
}

const NONE: ReadonlyMap<string, Reading> = new Map();

async function read(store: KeyValueStore, key = STORE_KEY): Promise<ReadonlyMap<string, Reading>> {
  const { data = {} } = saved.safeParse(await store.get(key).catch(() => undefined));
  const entries = Object.entries(data).map(([key, { territory, ...rest }]) => [key, { ...rest, territory }] as const);
  return new Map(entries);
}

function newestOf(one: ReadonlyMap<string, Reading>, other: ReadonlyMap<string, Reading>): Map<string, Reading> {
  const all = new Map(one);
  for (const [key, reading] of other) if (reading.at >= (all.get(key)?.at ?? -Infinity)) all.set(key, reading);
  return all;
}

function asJson(readings: ReadonlyMap<string, Reading>): unknown {
  const asText = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.parse(JSON.stringify(Object.fromEntries(readings), asText));
}
