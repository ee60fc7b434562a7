import type { BlobId } from "../model/object.js";

/** Keeps track of blobs that must not be swept yet (unsettled) and of blobs that must not be removed yet (pinned). */
export class BlobPins {
  private readonly registered = new Set<BlobId>();
  private readonly pins = new Map<BlobId, { count: number; pendingDelete: boolean }>();

  register(id: BlobId): void {
    this.registered.add(id);
  }

  unregister(ids: readonly BlobId[]): void {
    for (const id of ids) this.registered.delete(id);
  }

  mayBeSwept(id: BlobId): boolean {
    return !this.registered.has(id) && !this.pins.has(id);
  }

  /** Returns the function that unpins, to be called once. It returns the blobs that must be removed now. */
  pin(ids: readonly BlobId[]): () => BlobId[] {
    for (const id of ids) {
      const pin = this.pins.get(id);
      if (pin) pin.count++;
      else this.pins.set(id, { count: 1, pendingDelete: false });
    }
    let held: readonly BlobId[] = [...ids];
    return () => {
      const pendingDelete = held.filter((id) => this.unpin(id));
      held = [];
      return pendingDelete;
    };
  }

  private unpin(id: BlobId): boolean {
    const pin = this.pins.get(id);
    if (!pin || --pin.count > 0) return false;
    this.pins.delete(id);
    return pin.pendingDelete;
  }

  /** Returns those of `ids` that may be removed at once. Pinned ones are removed with their last pin. */
  remove(ids: readonly BlobId[]): BlobId[] {
    this.unregister(ids);
    return ids.filter((id) => {
      const pin = this.pins.get(id);
      if (pin) pin.pendingDelete = true;
      return !pin;
    });
  }
}
