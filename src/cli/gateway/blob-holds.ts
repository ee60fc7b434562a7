import { randomUUID } from "node:crypto";
import { json, type AdminRoute } from "../../admin/admin-server.js";
import { after } from "../../async/timer.js";
import type { Blobs } from "../../blobs/blobs.js";
import type { CatalogGuard } from "../../maintenance/catalog-guard.js";
import type { Clock } from "../../model/clock.js";

/** A hold ends after so long without being extended, s: the backup that took it may have been killed. */
const LEASE_SECONDS = 120;
/** Holds at a time. */
const MAX_HOLDS = 8;

/**
 * `cess-s3 backup` reads staged blobs while the gateway runs. While it holds them, blobs that objects do not need any more
 * stay on the disk.
 */
export class BlobHolds {
  private readonly holds = new Map<string, { readonly end: () => void; cancel: () => void }>();

  constructor(
    private readonly components: {
      readonly blobs: Pick<Blobs, "holdRemovals">;
      readonly guard: Pick<CatalogGuard, "fault">;
      readonly clock: Clock;
    },
  ) {}

  routes(): AdminRoute[] {
    return [
      { method: "POST", path: /^\/blob-holds$/, run: () => this.take() },
      {
        method: "POST",
        path: /^\/blob-holds\/([0-9a-f-]{36})$/,
        run: ([id]) => Promise.resolve(this.extend(id ?? "")),
        unrecorded: true,
      },
      {
        method: "POST",
        path: /^\/blob-holds\/([0-9a-f-]{36})\/release$/,
        run: ([id]) => Promise.resolve(this.release(id ?? "")),
      },
    ];
  }

  private async take() {
    const { fault } = this.components.guard;
    if (fault !== undefined)
      return json({ error: `${fault}: a backup of this catalog would take the place of a better one` }, 409);
    if (this.holds.size >= MAX_HOLDS) return json({ error: `${MAX_HOLDS} backups hold staged blobs already` }, 429);
    const hold = randomUUID();
    const end = await this.components.blobs.holdRemovals();
    this.holds.set(hold, { end, cancel: this.endLater(hold) });
    return json({ hold, seconds: LEASE_SECONDS }, 201);
  }

  private extend(hold: string) {
    const found = this.holds.get(hold);
    if (!found) return json({ error: "there is no such hold: it has ended" }, 404);
    found.cancel();
    found.cancel = this.endLater(hold);
    return json({ hold, seconds: LEASE_SECONDS });
  }

  private release(hold: string) {
    const found = this.holds.get(hold);
    found?.cancel();
    found?.end();
    this.holds.delete(hold);
    return json({ released: found !== undefined });
  }

  private endLater(hold: string): () => void {
    return after(this.components.clock, LEASE_SECONDS * 1000, () => void this.release(hold));
  }
}
