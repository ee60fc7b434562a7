import type { Catalog, LostVersion, RebuiltFile, RebuiltJournal } from "../catalog/catalog.js";
import type { Account, CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainFile } from "../network/chain/chain.js";
import { JournalDamaged } from "./journal-damaged.js";
import { chained, journalFiles, listedFiles, type JournalFile, type OpenedName } from "./journal-files.js";
import { JournalSource, type JournalSourceComponents } from "./journal-source.js";

/** Files, and versions, of one page. */
const PAGE = 500;
/** Files of which it is remembered where they are, so that they are looked up once: about 30 MiB. */
const REMEMBERED = 200_000;
/** What GET and HEAD tell of a version whose bytes are gone. */
const LOST =
  "its bytes were lost with the gateway that had them: they were not stored on CESS, or are not there any more";

export interface RebuildComponents extends JournalSourceComponents {
  readonly catalog: Pick<Catalog, "rebuild" | "packs" | "journal">;
  readonly chain: Pick<Chain, "file" | "ownedFiles">;
  readonly names: { open(name: string): OpenedName | undefined };
  /** What the names are made with that this gateway will write. Given: the newest journal's must be made with that, too. */
  readonly ownNames?: { open(name: string): OpenedName | undefined };
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
  private readonly source: JournalSource;
  /** By account and FID: which nodes have the fragments. */
  private readonly remembered = new Map<string, readonly CessAccount[]>();
  /** One text for each node. */
  private readonly nodes = new Map<CessAccount, CessAccount>();
  private readonly tookMs: Record<Step, number> = { finding: 0, reading: 0, replaying: 0, lookingUp: 0, counting: 0 };

  constructor(private readonly components: RebuildComponents) {
    this.source = new JournalSource(components);
  }

  /**
   * `account`: who owns the journals; `stream`: which catalog, where there are several. Rejects with JournalDamaged where
   * there is no unbroken chain of journals, and as `RebuildCatalog.begin` does; with DomainError and ChainUnavailable where
   * the network does not answer. May be run again whatever happens.
   */
  async run(account: Account, stream?: string): Promise<RebuildReport> {
    const { catalog, progress } = this.components;
    const own = await catalog.journal.state();
    const { found, obsolete } = await this.timed("finding", () => this.find(account.cessAccount, stream, own.stream));
    const chain = await this.timed("reading", () => chained(found, (file) => this.source.previous(file)));
    const last = chain.at(-1);
    if (!last) throw new JournalDamaged("there is no journal");
    await this.requireNoticed(last, account.cessAccount);
    const rebuiltTo = await catalog.rebuild.begin(last.stream);
    const made: RebuiltJournal[] = [];
    for (const file of chain)
      made.push(await this.timed("reading", () => this.replay(file, account, file.number > rebuiltTo)));
    const rest = await this.timed("finding", () => this.superseded([...found, ...obsolete], chain, account));
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

  /** `own`: of the catalog that goes; its journals are obsolete. */
  private async find(account: CessAccount, wanted: string | undefined, own: string) {
    const { chain, names, progress } = this.components;
    const fids = await chain.ownedFiles(account);
    const all = [...new Set(fids)];
    const streams = await journalFiles(chain, names, account, all, (looked, file) => {
      if (file) this.remember(account, file);
      progress(`looking for journals: ${looked} of ${all.length} files`);
    });
    const obsolete = own === wanted ? [] : (streams.get(own) ?? []);
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
    return { found, obsolete: found === obsolete ? [] : obsolete };
  }

  /** What the rebuilt gateway writes must have names that the other one can open. */
  private async requireNoticed({ fid, number }: JournalFile, account: CessAccount): Promise<void> {
    const { chain, ownNames } = this.components;
    if (!ownNames || (await journalFiles(chain, ownNames, account, [fid], () => undefined)).size > 0) return;
    throw new JournalDamaged(
      `journal ${number} was not named by the first master key of keys.json: the other gateway would not notice that this one goes on. ` +
        "Put the other gateway's master key first, before the own one",
    );
  }

  private async replay(file: JournalFile, { id: owner }: Account, wanted: boolean): Promise<RebuiltJournal> {
    const { catalog, progress } = this.components;
    const what = `${file.snapshot ? "snapshot" : "journal"} ${file.number}`;
    let count = 0;
    const pages = this.source.pages(file);
    for (;;) {
      const next = await pages.next();
      if (next.done === true) {
        if (wanted) await catalog.rebuild.applied(file.number);
        const { journal, manifest } = next.value;
        return { ...journal, file: manifest, owner, territory: file.territory, needed: true };
      }
      const page = next.value;
      if (wanted) await this.timed("replaying", () => catalog.rebuild.apply(page));
      count += page.units.length;
      progress(`${what}: ${count} units`);
    }
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
