import { Client } from "./client.js";

/** A client that has packs filled, emptied and merged, and deletes what is damaged. */
export class PackClient extends Client {
  /** Reads one object after another, until it is told to end. */
  async readUntil(ended: () => boolean): Promise<void> {
    const { owner, keys, packing } = this.service;
    while (!ended()) {
      await owner.sleep(20_000 * packing.random());
      await this.get(keys[Math.floor(keys.length * packing.random())]!, false);
    }
  }

  /** As a tool does that puts a folder: one small object right after another. */
  async fill(): Promise<void> {
    const { keys, packing, contents } = this.service;
    const chosen = keys.filter(() => packing.random() < 0.8);
    for (const [index, content] of contents.drawSmall(chosen.length).entries()) await this.put(chosen[index]!, content);
    await this.flush();
    // An object moves into its pack once, and soon: between the looks at its row and its bytes only if it is read now.
    if (packing.readsBack) await Promise.all(chosen.map((key) => this.get(key, false)));
  }

  /** Deletes about half of the objects, puts and copies a few, and has packs closed: those that there are become hollow. */
  async thinOut(): Promise<void> {
    const { owner, keys, packing } = this.service;
    for (const key of keys) {
      await owner.sleep(5_000 * packing.random() ** 2);
      const dice = packing.random();
      if (dice < 0.5) await this.delete(key);
      else if (dice < 0.6) await this.put(key);
      else if (dice < 0.7) await this.copy(key);
      if (packing.random() < 0.1) await this.flush();
    }
    await this.flush();
  }

  /** Deletes what the disk has damaged. Resolves whether there was any. */
  async deleteDamaged(): Promise<boolean> {
    let found = false;
    for (const key of this.service.keys) {
      const state = await this.state(key);
      if (state !== "damaged") continue;
      found = true;
      await this.delete(key);
    }
    return found;
  }

  private async state(key: string): Promise<string | undefined> {
    return this.persist(() =>
      this.service.request(
        async (_, { services }) => (await services.catalog.objects.get(this.bucket, key))?.durability.state,
      ),
    );
  }
}
