import type { Shelf } from "../shelf.js";

const SHELF_KEY = "final-block";
/** A new process may know of so many final blocks less than the last one did: it is not worth a file each. */
const UNSAVED_BLOCKS = 5;

/** As JSON. */
interface Saved {
  /** Hash of the first block: another chain's numbers mean nothing. */
  readonly genesis: string;
  readonly number: number;
}

/** The highest final block that anything was answered from, by this process or one before it. */
export class FinalMark {
  #genesis: string | undefined;
  #number = -1;
  #saving: Promise<void> | undefined;

  private constructor(
    private readonly shelf: Shelf | undefined,
    private saved: Saved | undefined,
  ) {}

  /** With what the shelf has; what cannot be read there is begun anew. */
  static async open(shelf: Shelf): Promise<FinalMark> {
    return new FinalMark(shelf, soundMark(await shelf.get(SHELF_KEY).catch(() => undefined)));
  }

  /** Of this process alone. */
  static inMemory(): FinalMark {
    return new FinalMark(undefined, undefined);
  }

  /** -1 when nothing was answered yet. */
  get number(): number {
    return this.#number;
  }

  /** The chain that is talked to, before anything is answered from it. What is known of another one is forgotten. */
  begin(genesis: string): void {
    if (genesis === this.#genesis) return;
    this.#genesis = genesis;
    this.#number = this.#savedNumber();
  }

  /** Somebody was told of this final block. */
  saw(number: number): void {
    if (number <= this.#number) return;
    this.#number = number;
    if (this.#unsaved() >= UNSAVED_BLOCKS) void this.save().catch(() => undefined);
  }

  /** Puts it on the shelf. Rejects with the shelf's error; the next blocks try again. */
  save(): Promise<void> {
    const { shelf } = this;
    if (!shelf || this.#genesis === undefined || this.#unsaved() <= 0) return this.#saving ?? Promise.resolve();
    this.#saving ??= this.#write(shelf, { genesis: this.#genesis, number: this.#number }).finally(
      () => (this.#saving = undefined),
    );
    return this.#saving;
  }

  async #write(shelf: Shelf, mark: Saved): Promise<void> {
    await shelf.set(SHELF_KEY, mark);
    this.saved = mark;
  }

  #unsaved(): number {
    return this.#number - this.#savedNumber();
  }

  #savedNumber(): number {
    return this.saved !== undefined && this.saved.genesis === this.#genesis ? this.saved.number : -1;
  }
}

function soundMark(found: unknown): Saved | undefined {
  const { genesis, number } = (found ?? {}) as { readonly genesis?: unknown; readonly number?: unknown };
  return typeof genesis === "string" && typeof number === "number" && Number.isSafeInteger(number)
    ? { genesis, number }
    : undefined;
}
