import type { KeyValueStore } from "../../model/key-value-store.js";

const STORE_KEY = "final-block";
/** How many final blocks may be unsaved: writing a file for each would cost too much. */
const UNSAVED_BLOCKS = 5;

/** As JSON. */
interface Saved {
  /** Hash of the first block: another chain's numbers mean nothing. */
  readonly genesis: string;
  readonly number: number;
}

/** Where all processes tell each other of final blocks, and are told the highest. */
export interface SharedWatermark {
  raise(genesis: string, number: number): Promise<number>;
}

/** The highest final block that anything was read from, by this process, an earlier one, or one that it shares it with. */
export class FinalizedWatermark {
  private genesis: string | undefined;
  private highest = -1;
  private saving: Promise<void> | undefined;
  private sharing = false;

  private constructor(
    private readonly store: KeyValueStore | undefined,
    private saved: Saved | undefined,
    private readonly shared?: SharedWatermark,
  ) {}

  /** With what was saved; what cannot be read is begun anew. */
  static async open(store: KeyValueStore, shared?: SharedWatermark): Promise<FinalizedWatermark> {
    return new FinalizedWatermark(store, soundMark(await store.get(STORE_KEY).catch(() => undefined)), shared);
  }

  /** Of this process alone. */
  static inMemory(): FinalizedWatermark {
    return new FinalizedWatermark(undefined, undefined);
  }

  /** -1 when nothing was read yet. */
  get number(): number {
    return this.highest;
  }

  /**
   * Sets the chain before anything is read over a new link. What is known of another chain is forgotten. Resolves when it is
   * known what others have read, or cannot be known at present.
   */
  async begin(genesis: string): Promise<void> {
    if (genesis !== this.genesis) {
      this.genesis = genesis;
      this.highest = this.savedNumber();
    }
    await this.share();
  }

  /** Reports a final block that something was read from. */
  saw(number: number): void {
    if (number <= this.highest) return;
    this.highest = number;
    if (!this.sharing) void this.share();
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

  /** One at a time; blocks that come meanwhile are told together. What cannot be told is told with the next one. */
  private async share(): Promise<void> {
    const { shared, genesis, highest } = this;
    if (!shared || genesis === undefined) return;
    this.sharing = true;
    const told = await shared.raise(genesis, highest).catch(() => undefined);
    this.sharing = false;
    if (told === undefined || genesis !== this.genesis) return;
    if (this.highest > Math.max(highest, told)) await this.share();
    else this.highest = Math.max(this.highest, told);
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
