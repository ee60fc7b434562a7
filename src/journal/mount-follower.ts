import { LRUCache } from "lru-cache";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog, Journal, ReplayedPage } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import type { Fid } from "../model/hash.js";
import { ChainUnavailable, type Chain } from "../network/chain/chain.js";
import { JournalDamaged } from "./journal-damaged.js";
import { chained, journalFiles, type JournalFile, type OpenedName } from "./journal-files.js";
import { JournalSource, type JournalSourceComponents } from "./journal-source.js";

export interface MountFollowerComponents extends JournalSourceComponents {
  /** The mount's own, which nobody else writes to. */
  readonly catalog: Pick<Catalog, "rebuild" | "journal">;
  readonly chain: Pick<Chain, "file" | "ownedFiles" | "connected">;
  readonly names: { open(name: string): OpenedName | undefined };
  /** Journals of the gateway's own catalog, which are not followed. */
  readonly ownStream: () => Promise<string>;
  readonly clock: Clock;
}

export interface MountSettings {
  readonly account: CessAccount;
  /** What tells the mount from others; by default the account. */
  readonly label?: string;
  /** Of several catalogs whose journals the account has this one; absent: there is only one. */
  readonly stream?: string | undefined;
  /** Between two looks at the account's files, ms. */
  readonly refreshMs: number;
}

/** Of what was replayed last. */
export interface MountState {
  /** What tells it from others. */
  readonly mount: string;
  readonly account: CessAccount;
  /** Absent: nothing was replayed yet. */
  readonly replayed?: Journal;
  /** Which catalog, as its journals name it. */
  readonly stream?: string;
  /** When the account's files were last looked at, with success, ms since 1970. */
  readonly lookedAt?: number;
  /** Why not, the last time. */
  readonly failure?: string;
}

/** Files of the account whose names were read: they are not read again so soon. */
const REMEMBERED = 200_000;
/** Journals of these that are remembered with what their names say. */
const JOURNALS = 10_000;
/** A file that was not listed yet may be listed later, ms. */
const REMEMBERED_MS = 3_600_000;

/**
 * Follows the journals of another gateway: replays what they have into a catalog of its own, each journal as a whole, so that
 * whoever reads that sees a state that the other catalog once had.
 */
export class MountFollower implements Worker {
  readonly name: string;
  private readonly source: JournalSource;
  /** Files that are no journals of others, or none that the keys open. */
  private readonly others = new LRUCache<Fid, true>({ max: REMEMBERED, ttl: REMEMBERED_MS });
  private readonly known = new LRUCache<Fid, JournalFile>({ max: JOURNALS });
  private lookedAt: number | undefined;
  private failure: string | undefined;

  constructor(
    private readonly components: MountFollowerComponents,
    private readonly settings: MountSettings,
  ) {
    this.name = `mount ${this.label}`;
    this.source = new JournalSource(components);
  }

  async state(): Promise<MountState> {
    const { journal } = this.components.catalog;
    const { lookedAt, failure } = this;
    const replayed = (await journal.journals()).at(-1);
    return {
      mount: this.label,
      account: this.settings.account,
      ...(replayed && { replayed, stream: (await journal.state()).stream }),
      ...(lookedAt !== undefined && { lookedAt }),
      ...(failure !== undefined && { failure }),
    };
  }

  get label(): string {
    return this.settings.label ?? this.settings.account;
  }

  /** Why the mount does not follow, as of the last look. */
  get fault(): string | undefined {
    return this.failure;
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { chain, clock } = this.components;
    const { refreshMs } = this.settings;
    if (chain.connected) {
      try {
        await this.look(signal);
        this.lookedAt = clock.now();
        this.failure = undefined;
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.failure = error.message;
      }
    }
    return { kind: "idle", until: clock.now() + refreshMs };
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { journal, rebuild } = this.components.catalog;
    const streams = await this.streams();
    const { stream: followed, rebuiltTo } = await journal.state();
    const stream = this.chosen(streams, rebuiltTo === undefined ? undefined : followed);
    const chain = await chained(streams.get(stream) ?? [], (file) => this.source.previous(file));
    const last = chain.at(-1);
    const had = stream === followed && rebuiltTo !== undefined ? rebuiltTo : 0;
    if (!last || last.number === had) return;
    // Where the last one that was replayed is gone, a snapshot has taken its place.
    const since = chain.some(({ number }) => number === had) ? chain.filter(({ number }) => number > had) : chain;
    const read: Journal[] = [];
    await rebuild.follow(stream, read, this.pages(since, read, signal));
  }

  /** What these have; `read` gets what there is to say of each. */
  private async *pages(
    files: readonly JournalFile[],
    read: Journal[],
    signal: AbortSignal,
  ): AsyncGenerator<ReplayedPage, void> {
    for (const file of files) {
      const pages = this.source.pages(file);
      for (;;) {
        signal.throwIfAborted();
        const next = await pages.next();
        if (next.done === true) {
          const { journal, manifest } = next.value;
          read.push({ ...journal, fid: file.fid, segments: manifest.segments.length });
          break;
        }
        yield next.value;
      }
    }
  }

  /** The account's journals that the keys open, by catalog. */
  private async streams(): Promise<ReadonlyMap<string, readonly JournalFile[]>> {
    const { chain, names } = this.components;
    const { account } = this.settings;
    const owned = [...new Set(await chain.ownedFiles(account))];
    const own = await this.components.ownStream();
    const unseen = owned.filter((fid) => !this.known.has(fid) && !this.others.has(fid));
    // Those that the replayed catalog has objects in are no journals.
    const unknown = await this.components.catalog.journal.unknown(unseen);
    const found = [...(await journalFiles(chain, names, account, unknown, () => undefined)).values()].flat();
    for (const file of found) this.known.set(file.fid, file);
    for (const fid of unknown) if (!this.known.has(fid)) this.others.set(fid, true);
    const streams = new Map<string, JournalFile[]>();
    for (const fid of owned) {
      const file = this.known.get(fid);
      if (file && file.stream !== own) streams.set(file.stream, [...(streams.get(file.stream) ?? []), file]);
    }
    if (streams.size === 0 && owned.some((fid) => this.known.has(fid)))
      throw new JournalDamaged("the account has journals of this gateway's own catalog alone: the mount is not needed");
    if (streams.size === 0)
      throw new JournalDamaged(
        `of the ${owned.length} files that the account has on the chain none is a journal that the keys open: is it the account of ` +
          "the other gateway's journal.account, and is its master key among those of keys.json (behind the own one)?",
      );
    return streams;
  }

  private chosen(streams: ReadonlyMap<string, unknown>, followed: string | undefined): string {
    const wanted = this.settings.stream ?? (followed !== undefined && streams.has(followed) ? followed : undefined);
    const [only, ...more] = [...streams.keys()];
    if (wanted !== undefined && streams.has(wanted)) return wanted;
    if (wanted !== undefined || only === undefined)
      throw new JournalDamaged(
        `the account has no journals of the catalog ${wanted}, but of ${[...streams.keys()].join(", ")}`,
      );
    if (more.length > 0)
      throw new JournalDamaged(
        `the account has journals of ${streams.size} catalogs, ${[...streams.keys()].join(", ")}: say which one in the mount's stream`,
      );
    return only;
  }
}

/** What is told to the operator, and tried again at the next look. */
function isPassing(error: unknown): error is Error {
  return error instanceof JournalDamaged || error instanceof DomainError || error instanceof ChainUnavailable;
}
