import { z } from "zod";
import type { Clock } from "../model/clock.js";
import type { KeyValueStore } from "../model/key-value-store.js";

export const SHARED_LIMITS = {
  /** Between two exchanges, ms. */
  intervalMs: 500,
  /** What was used in so many exchanges is told each time: one that others miss they read later. */
  rounds: 6,
  /** Keys of which one exchange tells. */
  keys: 2_000,
  keyLength: 128,
  /** Processes that tell each other. One that was silent for so long is none any more, ms. */
  members: 128,
  silentMs: 60_000,
};

const MEMBERS_KEY = "limits:members";

const membersSchema = z.record(z.string().max(200), z.number());
const amountsSchema = z.record(
  z.string().max(40),
  z.record(z.string().max(SHARED_LIMITS.keyLength), z.number().min(0)),
);
const usageSchema = z.array(z.tuple([z.number(), amountsSchema])).max(4 * SHARED_LIMITS.rounds);
type Amounts = z.output<typeof amountsSchema>;

/** A limit that several processes keep together. */
export interface ShareableLimit {
  /** From now on `onUsed` is called with what is used here. */
  share(onUsed: (key: string, amount: number) => void): void;
  /** Others have used so much. */
  usedElsewhere(key: string, amount: number): void;
}

export interface SharedLimitsComponents {
  /** All processes have the same; it may lose anything. */
  readonly store: KeyValueStore;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Limits that hold over all processes, though no request waits for another process: each lets its own requests through by
 * its own buckets, tells the others twice a second what was used, and takes off what they have used. So over the long run
 * all of them together let through what one would. At first, each may give its whole burst.
 */
export class SharedLimits {
  private readonly limits = new Map<string, ShareableLimit>();
  private used: Amounts = {};
  private usedKeys = 0;
  private round = 0;
  /** The newest last. */
  private told: [number, Amounts][] = [];
  private readonly heard = new Map<string, { round: number; at: number }>();
  private toldMembersAt = -Infinity;

  /** `member`: of this process alone, over all its starts. */
  constructor(
    private readonly components: SharedLimitsComponents,
    private readonly member: string,
  ) {}

  /** `name`: of the limit, the same in all processes. */
  add(name: string, limit: ShareableLimit): void {
    this.limits.set(name, limit);
    limit.share((key, amount) => this.note(name, key, amount));
  }

  /** One exchange. Rejects with the store's error: what was used is told the next time. */
  async exchange(): Promise<void> {
    this.close();
    const others = await this.others();
    const { store } = this.components;
    if (this.told.length > 0) await store.set(keyOf(this.member), this.told, SHARED_LIMITS.silentMs);
    await Promise.all(others.map((member) => this.hear(member)));
  }

  private note(name: string, key: string, amount: number): void {
    if (key.length > SHARED_LIMITS.keyLength) return;
    const of = (this.used[name] ??= Object.create(null) as Record<string, number>);
    const known = of[key];
    if (known === undefined && this.usedKeys >= SHARED_LIMITS.keys) return;
    if (known === undefined) this.usedKeys++;
    of[key] = (known ?? 0) + amount;
  }

  /** Ends a round. What was used in it is told for a while, and then forgotten. */
  private close(): void {
    this.round++;
    if (this.usedKeys > 0) this.told.push([this.round, this.used]);
    this.used = {};
    this.usedKeys = 0;
    this.told = this.told.filter(([round]) => round > this.round - SHARED_LIMITS.rounds);
  }

  /** Tells them that this process is there, from time to time: one that overwrites the list is overwritten in turn. */
  private async others(): Promise<string[]> {
    const { store, clock } = this.components;
    const now = clock.now();
    const { silentMs, members: most } = SHARED_LIMITS;
    const found = membersSchema.safeParse(await store.get(MEMBERS_KEY)).data ?? {};
    const lively = Object.entries(found).filter(([, at]) => Math.abs(now - at) < silentMs);
    const known = new Set(lively.map(([member]) => member));
    if (!known.has(this.member) || now - this.toldMembersAt > silentMs / 4) {
      this.toldMembersAt = now;
      const newest = lively.filter(([member]) => member !== this.member).slice(-most + 1);
      await store.set(MEMBERS_KEY, { ...Object.fromEntries(newest), [this.member]: now }, silentMs);
    }
    for (const [member, { at }] of this.heard) {
      // A list that somebody overwrites may lack it for a moment.
      if (known.has(member) || now - at < silentMs / 4) known.add(member);
      else this.heard.delete(member);
    }
    known.delete(this.member);
    return [...known].slice(0, most);
  }

  private async hear(member: string): Promise<void> {
    const { store, clock } = this.components;
    const usage = usageSchema.safeParse(await store.get(keyOf(member))).data ?? [];
    const known = this.heard.get(member) ?? { round: -1, at: 0 };
    this.heard.set(member, known);
    for (const [round, amounts] of usage) {
      if (round <= known.round) continue;
      known.round = round;
      known.at = clock.now();
      for (const [name, keys] of Object.entries(amounts))
        for (const [key, amount] of Object.entries(keys)) this.limits.get(name)?.usedElsewhere(key, amount);
    }
  }
}

const keyOf = (member: string) => `limits:${member}`;
