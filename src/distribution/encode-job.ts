import type { Job } from "../catalog/catalog.js";
import { damageOf, stagedBytesDamaged, type Damage } from "../model/damage.js";
import { PLAIN } from "../model/file.js";
import type { BlobSlice } from "../model/object.js";
import type { DistributionContext } from "./components.js";
import { DONE, FINISH, TemporaryFailure, type Outcome } from "./outcome.js";

/** Preprocesses an object that was put in one piece, and links it to its files; their `store` jobs come with that. */
export class EncodeJob {
  private readonly context: DistributionContext;

  constructor(context: DistributionContext) {
    this.context = context;
  }

  async run(job: Job, signal: AbortSignal): Promise<Outcome> {
    const { catalog, blobs, owners, preprocessing, counters, wake } = this.context;
    const version = await catalog.objects.byId(job.subject);
    const content = version ? await catalog.objects.blobs(version.id) : [];
    if (!version || content.length === 0) return FINISH;
    const account = owners(version.owner);
    if (!account) throw new TemporaryFailure(`the owner's account ${version.owner} is not configured here`);

    // The object may be deleted while worker threads read its bytes.
    const unpin = blobs.pin(content.map(({ blob }) => blob));
    try {
      const settings = { format: job.format ?? PLAIN, territory: account.territory, priority: "background" } as const;
      const files = await preprocessing.files(version.id, content, settings, signal);
      const root = preprocessing.root(files);
      // Clients know this FID.
      if ((version.durability.fid ?? root) !== root) await this.damaged(content, version.durability.fid, root);
      // This also removes the job and the prepared segments, in the same transaction.
      const { orphans } = await catalog.objects.attach(version.id, files, root);
      await blobs.remove(orphans);
    } catch (error) {
      if (!damageOf(error)) throw error;
      // The job has gone with the mark, or with the object.
      const now = await catalog.objects.byId(version.id);
      if (now && now.durability.state !== "damaged") throw error;
      return DONE;
    } finally {
      unpin();
    }
    counters.encoded++;
    wake("store");
    return DONE;
  }

  /** The bytes are not those that were hashed when the upload was completed, although they may have no checksum. */
  private async damaged(slices: readonly BlobSlice[], promised: string | undefined, found: string): Promise<never> {
    const { blobs, onDamage } = this.context;
    const [first] = slices;
    const path = first ? blobs.where(first.blob) : "";
    const why = `they have the FID ${found}, not ${promised ?? ""}`;
    const damage: Damage = { kind: "stagedBytesDamaged", path, slices, why };
    await onDamage?.(damage);
    throw stagedBytesDamaged(damage);
  }
}
