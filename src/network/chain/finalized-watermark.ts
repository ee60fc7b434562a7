import type { KeyValueStore } from "../key-value-store.js";

const STORE_KEY = "final-block";
/** A new process may know of so many final blocks less than the last one did: it is not worth a file each. */
const UNSAVED_BLOCKS = 5;

/** As JSON. */
interface Saved {
  /** Hash of the first block: another chain's numbers mean nothing. */
  readonly genesis: string;
  readonly number: number;
}

/** The highest final block that anything was answered from, by this process or one before it. */
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

  /** -1 when nothing was answered yet. */
  get number(): number {
    return this.highest;
  }

  /** The chain that is talked to, before anything is answered from it. What is known of another one is forgotten. */
  begin(genesis: string): void {
    if (genesis === this.genesis) return;
    this.genesis = genesis;
    this.highest = this.savedNumber();
  }

  /** Somebody was told of this final block. */
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
