import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog, JournalCursor, JournalUnit } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import { MountFollower, type MountFollowerComponents } from "../../src/journal/mount-follower.js";
import { JOURNAL_KEYS } from "../../src/journal/sealed-journal.js";
import type { CessAccount } from "../../src/model/account.js";
import type { CessFile } from "../../src/model/file.js";
import type { Fid } from "../../src/model/hash.js";
import type { ChainFile } from "../../src/network/chain/chain.js";
import type { FileRange } from "../../src/retrieval/retrieval.js";
import { ByteStream } from "../../src/streams/byte-stream.js";
import { testKeys } from "./test-keys.js";

/** All there is in a catalog, as a snapshot has it. */
export async function everything({ journal }: Catalog): Promise<Map<string, JournalUnit>> {
  const units = new Map<string, JournalUnit>();
  for (let after: JournalCursor | undefined; ;) {
    const page = await journal.all(after, 1000);
    for (const unit of page.units) units.set(`${unit.unit} ${unit.key}`, unit);
    if (!page.next) return units;
    after = page.next;
  }
}

/** What reads these files of a chain, and their bytes. */
export function reading(
  chain: ReadonlyMap<Fid, ChainFile>,
  network: ReadonlyMap<Fid, Buffer>,
  manifest: (fid: Fid, size: number) => CessFile,
) {
  return {
    chain: {
      connected: true,
      file: (fid: Fid) => Promise.resolve(chain.get(fid)),
      ownedFiles: () => Promise.resolve([...chain.keys()]),
    },
    files: {
      find: (fid: Fid) => {
        const listed = chain.get(fid);
        return Promise.resolve(listed && manifest(fid, listed.size));
      },
    },
    retrieval: {
      open: ([range]: readonly FileRange[]) => Promise.resolve(ByteStream.of(network.get(range!.file.fid)!)),
    },
    keys: testKeys.derive(JOURNAL_KEYS),
    names: new OrderNames(testKeys.derive(ORDER_NAMES)),
    schemas: ["0028_journal_expand"],
  };
}

type Components = Omit<MountFollowerComponents, "catalog" | "ownStream">;

/** Another gateway's mount, which follows the journals of an account. */
export class MountedJournals {
  private follower: MountFollower | undefined;

  private constructor(
    private readonly components: Components,
    private readonly account: CessAccount,
    private readonly folder: string,
    private readonly catalog: Catalog,
  ) {}

  static async open(components: Components, account: CessAccount): Promise<MountedJournals> {
    const folder = await mkdtemp(join(tmpdir(), "cess-s3-mounted-"));
    const { clock } = components;
    const catalog = await openSqliteCatalog(
      { clock, sealer: testKeys },
      { path: join(folder, "catalog.sqlite"), shared: true },
    );
    return new MountedJournals(components, account, folder, catalog);
  }

  /** What was only in memory is forgotten. */
  restart(): void {
    this.follower = undefined;
  }

  /** Looks once. Resolves with what of the mount is not as these units are then. */
  async follow(wanted: ReadonlyMap<string, JournalUnit>): Promise<string[]> {
    const { catalog, components, account } = this;
    const ownStream = () => Promise.resolve("ffffffff");
    this.follower ??= new MountFollower({ ...components, catalog, ownStream }, { account, refreshMs: 1000 });
    await this.follower.step(new AbortController().signal);
    const found = await everything(catalog);
    const { fault } = this.follower;
    return [
      ...(fault === undefined ? [] : [`the mount does not follow: ${fault}`]),
      ...[...wanted].flatMap(([name, unit]) =>
        JSON.stringify(found.get(name)) === JSON.stringify(unit) ? [] : [`mount: ${name} is not as it was`],
      ),
      ...[...found.keys()].filter((name) => !wanted.has(name)).map((name) => `mount: ${name} is there, and was not`),
    ];
  }

  async close(): Promise<void> {
    await this.catalog.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
