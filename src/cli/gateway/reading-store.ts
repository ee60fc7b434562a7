import { z } from "zod";
import type { Reading, ReadingStore } from "../../gateway/ingest/chain-readings.js";
import type { KeyValueStore } from "../../network/key-value-store.js";

const STORE_KEY = "territories";

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

/** What was last read of the accounts' territories, as one value of the store. */
export class JsonReadingStore implements ReadingStore {
  constructor(private readonly store: KeyValueStore) {}

  /** Empty where there is none, or nothing that can be understood. */
  async load(): Promise<ReadonlyMap<string, Reading>> {
    const { data = {} } = saved.safeParse(await this.store.get(STORE_KEY));
    const entries = Object.entries(data).map(([key, { territory, ...rest }]) => [key, { ...rest, territory }] as const);
    return new Map(entries);
  }

  async save(readings: ReadonlyMap<string, Reading>): Promise<void> {
    const asText = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
    const value: unknown = JSON.parse(JSON.stringify(Object.fromEntries(readings), asText));
    await this.store.set(STORE_KEY, value);
  }
}
