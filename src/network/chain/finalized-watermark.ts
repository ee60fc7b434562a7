import type { KeyValueStore } from "../key-value-store.js";

const STORE_KEY = "final-block";
/** How many final blocks may be unsaved: writing a file for each would cost too much. */
const UNSAVED_BLOCKS = 5;

/** As JSON. */
interface Saved {
  /** Hash of the first block: another chain's numbers mean nothing. */
  readonly genesis: string;
  readonly number: number;
}

/** The highest final block that anything was read from, by this process or an earlier one. */
export class FinalizedWatermark {
  private genesis: string | undefined;
  private highest = -1;
  private saving: Promise<void> | undefined;

  private constructor(
    private readonly store: KeyValueStore | undefined,
    private saved: Saved | undefined,
  ) {}

  /** With what was saved; what cannot be read is begun anew. */
  static async open(store: KeyValueStore): Promise<FinalizedWatermark> {
    return new FinalizedWatermark(store, soundMark(await store.get(STORE_KEY).catch(() => undefined)));
  }

  /** Of this process alone. */
  static inMemory(): FinalizedWatermark {
    return new FinalizedWatermark(undefined, undefined);
  }

  /** -1 when nothing was read yet. */
  get number(): number {
    return this.highest;
  }

  /** Sets the chain before anything is read from it. What is known of another chain is forgotten. */
  begin(genesis: string): void {
    if (genesis === this.genesis) return;
    this.genesis = genesis;
    this.highest = this.savedNumber();
  }

  /** Reports a final block that something was read from. */
  saw(number: number): void {
    if (number <= this.highest) return;
    this.highest = number;
    if (this.unsaved() >= UNSAVED_BLOCKS) void this.save().catch(() => undefined);
  }

  /** Saves it. Rejects with the store's error; the next blocks try again. */
  save(): Promise<void> {
    const { store } = this;
    if (!store || this.genesis === undefined || this.unsaved() <= 0) return this.saving ?? Promise.resolve();
    this.saving ??= this.write(store, { genesis: this.genesis, number: this.highest }).finally(
      () => (this.saving = undefined),
    );
    return this.saving;
  }

  private async write(store: KeyValueStore, watermark: Saved): Promise<void> {
    await store.set(STORE_KEY, watermark);
    this.saved = watermark;
  }

  private unsaved(): number {
    return this.highest - this.savedNumber();
  }

  private savedNumber(): number {
    return this.saved !== undefined && this.saved.genesis === this.genesis ? this.saved.number : -1;
  }
}

function soundMark(found: unknown): Saved | undefined {
  const { genesis, number } = (found ?? {}) as { readonly genesis?: unknown; readonly number?: unknown };
  return typeof genesis === "string" && typeof number === "number" && Number.isSafeInteger(number)
    ? { genesis, number }
    : undefined;
}
