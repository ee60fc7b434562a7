import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Catalog, JournalUnit } from "../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { ORDER_NAMES, OrderNames } from "../../../src/distribution/order-name.js";
import { compressed, type JournalEnd, type JournalHead } from "../../../src/journal/journal-text.js";
import { MountFollower, type MountSettings } from "../../../src/journal/mount-follower.js";
import { JOURNAL_KEYS, sealed } from "../../../src/journal/sealed-journal.js";
import { KeyRing } from "../../../src/keys/key-ring.js";
import type { CessAccount } from "../../../src/model/account.js";
import type { Fid } from "../../../src/model/hash.js";
import { PLAIN } from "../../../src/model/file.js";
import { ChainUnavailable, type ChainFile } from "../../../src/network/chain/chain.js";
import { collect } from "../../support/collect.js";
import { reading } from "../../support/mounted-journals.js";
import { testKeys } from "../../support/test-keys.js";

const ANNA = "cAnna" as CessAccount;
const { signal } = new AbortController();
const fidOf = (n: number) => n.toString(16).padStart(64, "0") as Fid;
const bucket = (name: string): JournalUnit => ({
  unit: "bucket",
  key: name,
  rows: { buckets: [{ name, owner: "anna", region: "r", created_at: 1 }] },
});

describe("A mount", () => {
  const chain = new Map<Fid, ChainFile>();
  const network = new Map<Fid, Buffer>();
  const names = new OrderNames(testKeys.derive(ORDER_NAMES));
  let folder: string;
  let catalog: Catalog;
  let now = 1000;
  /** Files whose names were looked up. */
  let looked: Fid[] = [];
  const clock = { now: () => now, sleep: () => Promise.resolve() };

  beforeEach(async () => {
    chain.clear();
    network.clear();
    looked = [];
    folder = await mkdtemp(join(tmpdir(), "cess-s3-mount-"));
    catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "c.sqlite"), shared: true });
  });
  afterEach(async () => {
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  function follower(more: Partial<MountSettings> = {}, keys = testKeys, connected = true): MountFollower {
    const read = reading(chain, network, (fid, size) => ({ fid, size, format: PLAIN, segments: [] }));
    const file = (fid: Fid) => {
      looked.push(fid);
      return read.chain.file(fid);
    };
    return new MountFollower(
      {
        ...read,
        chain: { ...read.chain, file, connected },
        keys: keys.derive(JOURNAL_KEYS),
        names: new OrderNames(keys.derive(ORDER_NAMES)),
        catalog,
        clock,
        ownStream: () => Promise.resolve("eeeeeeee"),
      },
      { account: ANNA, refreshMs: 60_000, ...more },
    );
  }

  /** A journal on the chain; the one of number 0 is no journal. */
  async function journal(
    number: number,
    units: readonly JournalUnit[],
    more: Partial<JournalHead> & { whole?: boolean } = {},
  ) {
    const { whole = true, ...rest } = more;
    const head = {
      ...({ type: "cess-s3-journal", version: 1, stream: "aaaaaaaa", number, snapshot: false } as const),
      ...{ previous: null, schema: "0028_journal_expand", begunAt: "2026-01-01T00:00:00Z" },
      ...rest,
    };
    const lines = async function* (): AsyncGenerator<JournalHead | JournalUnit | JournalEnd> {
      await Promise.resolve();
      yield head;
      yield* units;
      yield { end: true, units: units.length, whole, readAt: new Date(now).toISOString() };
    };
    const kind = head.snapshot ? ("snapshot" as const) : ("journal" as const);
    const fileName = names.name({ kind: whole ? kind : `${kind}-part`, number, stream: head.stream });
    listed(fidOf(number), fileName, await collect(sealed(testKeys.derive(JOURNAL_KEYS), compressed(lines()))));
  }
  function listed(fid: Fid, fileName: string, bytes: Buffer): void {
    network.set(fid, bytes);
    chain.set(fid, { fid, size: bytes.length, owners: [{ account: ANNA, territory: "land", fileName }], segments: [] });
  }
  const buckets = async () => (await catalog.buckets.list("anna")).map(({ name }) => name);

  it("has what the snapshot and the journals after it have, and looks at no file twice", async () => {
    await journal(1, [bucket("one"), bucket("two")], { snapshot: true });
    await journal(2, [{ unit: "bucket", key: "one" }, bucket("three")], { previous: fidOf(1) });
    listed(fidOf(9), "somebody's file", Buffer.alloc(1));
    const mount = follower();
    expect(await mount.step(signal)).to.deep.equal({ kind: "idle", until: now + 60_000 });
    expect(await buckets()).to.deep.equal(["three", "two"]);
    expect(await mount.state()).to.deep.include({ account: ANNA, stream: "aaaaaaaa", lookedAt: now });
    expect((await mount.state()).replayed).to.include({ number: 2, readAt: now });
    looked = [];
    await journal(3, [bucket("four")], { previous: fidOf(2) });
    await mount.step(signal);
    expect(looked).to.deep.equal([fidOf(3)]);
    expect(await buckets()).to.deep.equal(["four", "three", "two"]);
  });

  it("has nothing of a journal that cannot be read to its end", async () => {
    await journal(1, [bucket("one")], { snapshot: true });
    const mount = follower();
    await mount.step(signal);
    const many = Array.from({ length: 1200 }, (_, n) => bucket(`b${n}`));
    await journal(2, many, { previous: fidOf(1) });
    const whole = network.get(fidOf(2))!;
    const broken = Buffer.from(whole);
    broken[whole.length - 20]! ^= 1;
    network.set(fidOf(2), broken);
    await mount.step(signal);
    expect(mount.fault).to.contain("journal 2");
    expect(await buckets()).to.deep.equal(["one"]);
    network.set(fidOf(2), whole);
    await mount.step(signal);
    expect(mount.fault).to.equal(undefined);
    expect(await buckets()).to.have.length(1201);
  });

  it("waits for the rest of a journal that is not whole", async () => {
    await journal(1, [bucket("one")], { snapshot: true });
    await journal(2, [bucket("two")], { previous: fidOf(1), whole: false });
    const mount = follower();
    await mount.step(signal);
    expect(await buckets()).to.deep.equal(["one"]);
    await journal(3, [bucket("three")], { previous: fidOf(2) });
    await mount.step(signal);
    expect(await buckets()).to.deep.equal(["one", "three", "two"]);
  });

  it("sees nothing without the master key, and says so", async () => {
    await journal(1, [bucket("one")], { snapshot: true });
    const other = new KeyRing({ master: [Buffer.alloc(32, 9)], kms: new Map(), ciphers: new Map() });
    const mount = follower({}, other);
    await mount.step(signal);
    expect(mount.fault).to.contain("none is a journal that the keys open");
    expect(await buckets()).to.deep.equal([]);
  });

  it("asks which catalog, where the account has journals of several, and does not follow the gateway's own", async () => {
    await journal(1, [bucket("own")], { snapshot: true, stream: "eeeeeeee" });
    const mount = follower();
    await mount.step(signal);
    expect(mount.fault).to.contain("this gateway's own catalog alone");
    await journal(2, [bucket("one")], { snapshot: true });
    await mount.step(signal);
    expect([mount.fault, await buckets()]).to.deep.equal([undefined, ["one"]]);
    await journal(3, [bucket("two")], { snapshot: true, stream: "bbbbbbbb" });
    await follower().step(signal);
    expect(await buckets(), "it goes on with the one that it has").to.deep.equal(["one"]);
    await follower({ stream: "bbbbbbbb" }).step(signal);
    expect(await buckets()).to.deep.equal(["two"]);
    const none = follower({ stream: "cccccccc" });
    await none.step(signal);
    expect(none.fault).to.contain("no journals of the catalog cccccccc, but of aaaaaaaa, bbbbbbbb");
  });

  it("serves what it has while the journals are not to be had, or the chain is away", async () => {
    await journal(1, [bucket("one")], { snapshot: true });
    await follower().step(signal);
    chain.clear();
    const mount = follower();
    await mount.step(signal);
    expect(mount.fault).to.contain("of the 0 files");
    await follower({}, testKeys, false).step(signal);
    expect(await buckets()).to.deep.equal(["one"]);
    const away = follower();
    chain.keys = () => {
      throw new ChainUnavailable("no endpoint answers");
    };
    await away.step(signal);
    Reflect.deleteProperty(chain, "keys");
    expect(away.fault).to.equal("no endpoint answers");
    now += 1;
  });
});
