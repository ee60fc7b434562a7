import type { Logger } from "pino";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs } from "../blobs/blobs.js";
import type { Catalog, JournalUnit, KnownShare, ShareCatalog } from "../catalog/catalog.js";
import type { Keys } from "../keys/keys.js";
import type { Account } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { PLAIN } from "../model/file.js";
import type { Preprocessing } from "../preprocessing/preprocessing.js";
import { compressed, type JournalEnd, type JournalHead } from "./journal-text.js";
import { JOURNAL_KEYS, sealed } from "./sealed-journal.js";
import { ShareLines } from "./share-lines.js";

export interface ShareWorkerComponents {
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly preprocessing: Preprocessing;
  /** The gateway's. */
  readonly keys: Keys;
  /** Those that this gateway and the recipient alone have. */
  readonly keysOf: (recipient: string) => Keys;
  /** The name on the chain of a share's snapshot, which the recipient can open. */
  readonly nameOf: (keys: Keys, snapshot: { readonly number: number; readonly stream: string }) => string;
  /** By Account.id. */
  readonly owners: (id: string) => Account | undefined;
  /** The newest migration of the catalog, which snapshots name. */
  readonly schema: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "info">;
  readonly wake: (worker: string) => void;
}

export const SHARE_DEFAULTS = {
  /** Between two looks whether a shared bucket has changed, ms. */
  maxAgeMs: 900_000,
  /** The time between two looks at the shares, ms. */
  lookMs: 1_000,
};
/** Reads of a bucket that changes all the time, before one is taken that is not as of one moment. */
const ATTEMPTS = 3;
/** Of the mark of now in snapshots' numbers, ms: a rebuilt gateway goes on with higher ones. */
const SECOND = 1000;

/**
 * Writes what shared buckets have into files on CESS, one for each share, sealed under a key that this gateway and the recipient
 * have. When the network has a newer one the older is deleted on the chain.
 */
export class ShareWorker implements Worker {
  readonly name = "shares";
  private readonly settings: typeof SHARE_DEFAULTS;
  private readonly lines: ShareLines;
  /** When each share's bucket was last read, ms since 1970. */
  private readonly read = new Map<string, number>();

  constructor(
    private readonly components: ShareWorkerComponents,
    settings: Partial<typeof SHARE_DEFAULTS> = {},
  ) {
    this.settings = { ...SHARE_DEFAULTS, ...settings };
    this.lines = new ShareLines(components);
  }

  /** Looks at all shared buckets now. What was shared and is no more is deleted on the chain. */
  flush(): void {
    this.read.clear();
    this.components.wake(this.name);
    this.components.wake("delete");
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { catalog, clock, log } = this.components;
    const shares = await catalog.shares.all();
    const names = new Set(shares.map(nameOf));
    for (const name of this.read.keys()) if (!names.has(name)) this.read.delete(name);
    for (const share of shares) {
      signal.throwIfAborted();
      try {
        if (await this.isDue(share)) await this.write(share, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The others go on.
        log.warn({ err: error, bucket: share.bucket, recipient: share.recipient }, "a share cannot be written");
      }
    }
    return { kind: "idle", until: clock.now() + this.settings.lookMs };
  }

  private async isDue(share: KnownShare): Promise<boolean> {
    const { catalog, clock, wake } = this.components;
    if (share.owner === undefined) {
      await catalog.shares.remove(share);
      wake("delete");
      return false;
    }
    const stored = share.snapshots.findLast(({ file }) => file?.state === "stored");
    if (stored && share.snapshots[0] !== stored) await this.release(share, { below: stored.number });
    for (const { number, file } of share.snapshots)
      if (!file || file.state === "failed") await this.release(share, { number });
    const last = share.snapshots.at(-1);
    if (last?.file && last.file.state !== "stored" && last.file.state !== "failed") return false;
    const now = clock.now();
    if (now - (this.read.get(nameOf(share)) ?? -Infinity) < this.settings.maxAgeMs) return false;
    this.read.set(nameOf(share), now);
    return true;
  }

  private async release(share: KnownShare, which: Parameters<ShareCatalog["release"]>[1]): Promise<void> {
    await this.components.catalog.shares.release(share, which);
    this.components.wake("delete");
  }

  private async write(share: KnownShare, signal: AbortSignal): Promise<void> {
    const { clock, owners, keysOf, nameOf: chainNameOf } = this.components;
    const account = owners(share.owner ?? "");
    if (!account || account.disabled) throw new Error("the bucket's owner has no account here that could be charged");
    const last = share.snapshots.at(-1);
    let digest = await this.lines.digest(share);
    if (last?.file?.state === "stored" && last.digest === digest) return;
    const number = Math.max((last?.number ?? 0) + 1, Math.floor(clock.now() / SECOND));
    const keys = keysOf(share.recipient);
    const name = chainNameOf(keys, { number, stream: share.stream });
    for (let attempt = 1; ; attempt++) {
      const found = await this.attempt(share, { number, name, keys, account }, digest, attempt === ATTEMPTS, signal);
      if (found === digest || attempt === ATTEMPTS) return;
      digest = found;
    }
  }

  /** Orders what it has read where that has this digest, or anyway. Resolves with the digest. */
  private async attempt(
    share: KnownShare,
    to: { readonly number: number; readonly name: string; readonly keys: Keys; readonly account: Account },
    wanted: string,
    anyway: boolean,
    signal: AbortSignal,
  ): Promise<string> {
    const { blobs, catalog, preprocessing, clock, log, wake } = this.components;
    const { number, name, keys, account } = to;
    const made = { digest: "", readAt: clock.now() };
    const content = sealed(keys.derive(JOURNAL_KEYS), compressed(this.text(share, number, keys, made)));
    const blob = await blobs.write(content, { signal });
    try {
      if (made.digest !== wanted && !anyway) return made.digest;
      const slices = [{ blob: blob.id, offset: 0, length: blob.size }];
      const settings = { format: PLAIN, territory: account.territory, priority: "background" } as const;
      const [file, ...others] = await preprocessing.files(blob.id, slices, settings, signal);
      if (!file || others.length > 0) throw new Error("a share did not become one file");
      await catalog.preparations.clear(blob.id);
      blobs.requireFresh([blob.id]);
      if (await catalog.shares.order(share, { number, name, ...made }, file, account.id)) {
        log.info({ bucket: share.bucket, recipient: share.recipient, bytes: blob.size }, "a share is on its way");
        wake("store");
      }
      return made.digest;
    } finally {
      blobs.settle([blob.id]);
      await blobs.remove(await catalog.orphans([blob.id]));
    }
  }

  private async *text(
    share: KnownShare,
    number: number,
    keys: Keys,
    made: { digest: string; readonly readAt: number },
  ): AsyncGenerator<JournalHead | JournalUnit | JournalEnd, void> {
    const readAt = new Date(made.readAt).toISOString();
    yield {
      ...({
        type: "cess-s3-journal",
        version: 1,
        stream: share.stream,
        number,
        snapshot: true,
        previous: null,
      } as const),
      schema: this.components.schema,
      begunAt: readAt,
    };
    const units = this.lines.lines(share, keys);
    for (let count = 0; ; count++) {
      const next = await units.next();
      if (next.done === true) {
        made.digest = next.value;
        yield { end: true, units: count, whole: true, readAt };
        return;
      }
      yield next.value;
    }
  }
}

const nameOf = ({ bucket, recipient }: KnownShare) => `${bucket}/${recipient}`;
