import type { Catalog, JournalUnit, LostVersion, RebuiltFile, RebuiltJournal } from "../catalog/catalog.js";
import type { Account, CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainFile } from "../network/chain/chain.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import type { Retrieval } from "../retrieval/retrieval.js";
import { JournalDamaged } from "./journal-damaged.js";
import { chained, journalFiles, listedFiles, type JournalFile, type OpenedName } from "./journal-files.js";
import { JournalReader, type JournalEnd } from "./journal-text.js";
import { opened } from "./sealed-journal.js";

/** Units that one transaction takes. */
const BATCH = 500;
/** Files, and versions, of one page. */
const PAGE = 500;
/** Files of which it is remembered where they are, so that they are looked up once: about 30 MiB. */
const REMEMBERED = 200_000;
/** What GET and HEAD tell of a version whose bytes are gone. */
const LOST =
  "its bytes were lost with the gateway that had them: they were not stored on CESS, or are not there any more";

export interface RebuildComponents {
  readonly catalog: Pick<Catalog, "rebuild" | "packs">;
  readonly chain: Pick<Chain, "file" | "ownedFiles">;
  readonly files: Pick<NetworkFiles, "find">;
  readonly retrieval: Retrieval;
  /** What opens journals: derived from the master keys for JOURNAL_KEYS. */
  readonly keys: readonly Uint8Array[];
  readonly names: { open(name: string): OpenedName | undefined };
  /** Migrations that this program knows. */
  readonly schemas: readonly string[];
  /** To be asked when the journals are replayed: accounts are in them, too. */
  readonly accounts: () => Promise<{
    readonly owner: (id: string) => Account | undefined;
    readonly all: readonly Account[];
  }>;
  readonly clock: Pick<Clock, "now">;
  readonly progress: (text: string) => void;
}

/** What a rebuild does, one after the other, but for reading journals and replaying them, which take turns. */
const STEPS = ["finding", "reading", "replaying", "lookingUp", "counting"] as const;
type Step = (typeof STEPS)[number];

export interface RebuildReport {
  readonly stream: string;
  /** Numbers of the journals that were replayed, the snapshot first. */
  readonly journals: readonly number[];
  readonly readAt: string;
  /** Files that objects are in and the chain lists. */
  readonly files: number;
  /** Objects whose bytes are not to be had. */
  readonly lost: readonly LostVersion[];
  /** Files that objects were in and the chain does not list. */
  readonly missing: readonly RebuiltFile[];
  /** Files whose owners are no accounts any more, and which nobody has looked for. */
  readonly unchecked: readonly RebuiltFile[];
  /** Files on the chain, of the accounts, that the catalog does not know. */
  readonly unknown: readonly { readonly account: string; readonly fid: Fid }[];
  /** What took how long. */
  readonly seconds: Readonly<Record<Step, number>>;
}

/** Makes a catalog from what an account has on CESS. */
export class Rebuild {
  /** By account and FID: which nodes have the fragments. */
  private readonly remembered = new Map<string, readonly CessAccount[]>();
  /** One text for each node. */
  private readonly nodes = new Map<CessAccount, CessAccount>();
  private readonly tookMs: Record<Step, number> = { finding: 0, reading: 0, replaying: 0, lookingUp: 0, counting: 0 };

  constructor(private readonly components: RebuildComponents) {}

  /**
   * `account`: who owns the journals; `stream`: which catalog, where there are several. Rejects with JournalDamaged where
   * there is no unbroken chain of journals, and as `RebuildCatalog.begin` does; with DomainError and ChainUnavailable where
   * the network does not answer. May be run again whatever happens.
   */
  async run(account: Account, stream?: string): Promise<RebuildReport> {
    const { catalog, progress } = this.components;
    const found = await this.timed("finding", () => this.find(account.cessAccount, stream));
    const chain = await this.timed("reading", () =>
      chained(found, async (file) => {
        const { reader, head } = await this.open(file);
        await reader.close();
        return head.previous;
      }),
    );
    const last = chain.at(-1);
    if (!last) throw new JournalDamaged("there is no journal");
    const rebuiltTo = await catalog.rebuild.begin(last.stream);
    const made: RebuiltJournal[] = [];
    for (const file of chain)
      made.push(await this.timed("reading", () => this.replay(file, account, file.number > rebuiltTo)));
    const rest = await this.timed("finding", () => this.superseded(found, chain, account));
    const held = await this.timed("lookingUp", () => this.check());
    progress("counting");
    const highest = Math.max(...found.map(({ number }) => number));
    await this.timed("counting", () => catalog.rebuild.end([...rest, ...made], highest));
    const { readAt = 0 } = made.at(-1) ?? {};
    return {
      stream: last.stream,
      journals: chain.map(({ number }) => number),
      readAt: new Date(readAt).toISOString(),
      ...held,
      seconds: this.seconds(),
    };
  }

  private async timed<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const { clock } = this.components;
    const began = clock.now();
    try {
      return await work();
    } finally {
      this.tookMs[step] += clock.now() - began;
    }
  }

  private seconds(): Record<Step, number> {
    const { reading, replaying } = this.tookMs;
    // Journals are replayed while they are read.
    const ms = { ...this.tookMs, reading: reading - replaying };
    return Object.fromEntries(STEPS.map((step) => [step, Math.round(ms[step] / 100) / 10])) as Record<Step, number>;
  }

  private async find(account: CessAccount, wanted: string | undefined): Promise<readonly JournalFile[]> {
    const { chain, names, progress } = this.components;
    const fids = await chain.ownedFiles(account);
    const all = [...new Set(fids)];
    const streams = await journalFiles(chain, names, account, all, (looked, file) => {
      if (file) this.remember(account, file);
      progress(`looking for journals: ${looked} of ${all.length} files`);
    });
    if (wanted === undefined && streams.size > 1)
      throw new JournalDamaged(
        `there are journals of ${streams.size} catalogs, ${[...streams.keys()].join(", ")}: say which one with --stream`,
      );
    const found = wanted === undefined ? [...streams.values()][0] : streams.get(wanted);
    if (!found)
      throw new JournalDamaged(
        `of the ${all.length} files that ${account} has on the chain none is a journal${wanted === undefined ? "" : ` of ${wanted}`} that the ` +
          "master keys open: is it the account of journal.account, and are these its keys?",
      );
    return found;
  }

  private async manifest({ fid, number }: JournalFile): Promise<CessFile> {
    const file = await this.components.files.find(fid);
    if (!file) throw new JournalDamaged(`the chain does not list journal ${number}, ${fid}, any more`);
    return file;
  }

  /** Reads its beginning, and checks that it is what its name says. */
  private async open(
    file: JournalFile,
  ): Promise<{ readonly reader: JournalReader; readonly head: JournalReader["head"]; readonly manifest: CessFile }> {
    const { retrieval, keys, schemas } = this.components;
    const manifest = await this.manifest(file);
    const bytes = await retrieval.open([{ file: manifest, range: { start: 0, end: manifest.size } }]);
    const reader = await naming(file, () => JournalReader.open(opened(keys, bytes)));
    const { head } = reader;
    if (head.stream !== file.stream || head.number !== file.number || head.snapshot !== file.snapshot)
      throw new JournalDamaged(
        `the file ${file.fid} has the name of journal ${file.number}, and is number ${head.number} of ${head.stream}`,
      );
    if (!schemas.includes(head.schema))
      throw new JournalDamaged(
        `journal ${file.number} has the schema ${head.schema}: a newer cess-s3 has written it. Rebuild with that`,
      );
    return { reader, head, manifest };
  }

  private async replay(file: JournalFile, { id: owner }: Account, wanted: boolean): Promise<RebuiltJournal> {
    const { catalog, progress } = this.components;
    const { reader, manifest } = await this.open(file);
    const what = `${file.snapshot ? "snapshot" : "journal"} ${file.number}`;
    let batch: JournalUnit[] = [];
    let count = 0;
    const units = reader.units();
    let end: JournalEnd | undefined;
    while (!end) {
      const next = await naming(file, () => units.next());
      if (next.done === true) end = next.value;
      else if (wanted) batch.push(next.value);
      if (batch.length < BATCH && !end) continue;
      const full = batch;
      if (full.length > 0) await this.timed("replaying", () => catalog.rebuild.apply(full));
      count += batch.length;
      batch = [];
      progress(`${what}: ${count} units`);
    }
    if (end.whole !== file.whole) throw new JournalDamaged(`journal ${file.number} is not what its name says`);
    if (wanted) await catalog.rebuild.applied(file.number);
    const { number, snapshot, whole, territory } = file;
    const readAt = Date.parse(end.readAt);
    return {
      number,
      snapshot,
      whole,
      units: end.units,
      bytes: manifest.size,
      readAt,
      file: manifest,
      owner,
      territory,
      needed: true,
    };
  }

  /** Journals that a snapshot has replaced, or that nobody can go on with: they are to be deleted. */
  private async superseded(
    found: readonly JournalFile[],
    chain: readonly JournalFile[],
    { id: owner }: Account,
  ): Promise<RebuiltJournal[]> {
    const rest: RebuiltJournal[] = [];
    for (const file of found.filter((each) => !chain.includes(each))) {
      const manifest = await this.components.files.find(file.fid);
      // The lost gateway had deleted it.
      if (!manifest) continue;
      const { number, snapshot, whole, territory } = file;
      const nothing = { units: 0, readAt: 0, needed: false };
      rest.push({ number, snapshot, whole, ...nothing, bytes: manifest.size, file: manifest, owner, territory });
    }
    return rest;
  }

  /** What of the files is there, and what of the objects that is not. */
  private async check(): Promise<Omit<RebuildReport, "stream" | "journals" | "readAt" | "seconds">> {
    const { catalog, chain, progress } = this.components;
    const accounts = await this.components.accounts();
    const known = new Set<string>();
    const missing: RebuiltFile[] = [];
    const unchecked: RebuiltFile[] = [];
    let files = 0;
    for await (const page of this.pages()) {
      const rest: RebuiltFile[] = [];
      for (const file of page) {
        const account = accounts.owner(file.owner)?.cessAccount;
        known.add(`${account} ${file.fid}`);
        const nodes = this.remembered.get(`${account} ${file.fid}`);
        progress(`files: ${++files} looked up`);
        if (account === undefined) unchecked.push(file);
        else if (nodes) await this.found(file, nodes);
        else rest.push(file);
      }
      for await (const [file, listed] of listedFiles(chain, rest, ({ fid }) => fid)) {
        const account = accounts.owner(file.owner)?.cessAccount;
        if (listed?.owners.some((owner) => owner.account === account)) await this.found(file, this.nodesOf(listed));
        else {
          await catalog.rebuild.missing(file.id);
          missing.push(file);
        }
      }
    }
    // Objects that were on their way from one pack into another that is there.
    while ((await catalog.packs.settleMoves(PAGE, 0)) > 0);
    const lost: LostVersion[] = [];
    for (let page: readonly LostVersion[]; (page = await catalog.rebuild.lose(LOST, PAGE)).length > 0;)
      lost.push(...page);
    const unknown = await this.unknown(accounts.all, known);
    return { files: files - missing.length - unchecked.length, lost, missing, unchecked, unknown };
  }

  private async *pages(): AsyncGenerator<readonly RebuiltFile[], void> {
    for (let after: string | undefined; ;) {
      const page = await this.components.catalog.rebuild.files(after, PAGE);
      yield page;
      after = page.at(-1)?.id;
      if (page.length < PAGE) return;
    }
  }

  private remember(account: CessAccount, file: ChainFile): void {
    const isOwned = file.owners.some((owner) => owner.account === account);
    if (isOwned && this.remembered.size < REMEMBERED) this.remembered.set(`${account} ${file.fid}`, this.nodesOf(file));
  }

  private nodesOf({ segments }: ChainFile): readonly CessAccount[] {
    return (segments[0]?.fragments ?? []).map(({ node }) => {
      const known = this.nodes.get(node) ?? node;
      this.nodes.set(known, known);
      return known;
    });
  }

  private async found({ id }: RebuiltFile, nodes: readonly CessAccount[]): Promise<void> {
    const placements = nodes.map((node, index) => ({ index, node, state: "reported", since: 0 }) as const);
    await this.components.catalog.rebuild.found(id, placements);
  }

  private async unknown(accounts: readonly Account[], known: ReadonlySet<string>): Promise<RebuildReport["unknown"]> {
    const { chain, names } = this.components;
    const found: { readonly account: string; readonly fid: Fid }[] = [];
    for (const account of new Set(accounts.map(({ cessAccount }) => cessAccount))) {
      const fids = [...new Set(await chain.ownedFiles(account))].filter((fid) => !known.has(`${account} ${fid}`));
      for await (const [fid, file] of listedFiles(chain, fids, (each) => each)) {
        const name = file?.owners.find((owner) => owner.account === account)?.fileName;
        // The journals themselves are known.
        if (name !== undefined && names.open(name)?.stream !== undefined) continue;
        found.push({ account, fid });
      }
    }
    return found;
  }
}

/** Damage names the journal that has it. */
async function naming<T>({ number, fid }: JournalFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    throw new JournalDamaged(`journal ${number}, ${fid}: ${error.message}`, { cause: error });
  }
}
