import { expect } from "chai";
import { sql } from "kysely";
import type pg from "pg";
import { systemClock } from "../../../src/async/system-clock.js";
import { CatalogUnusable } from "../../../src/catalog/catalog-unusable.js";
import { PostgresStore, type PostgresSettings } from "../../../src/catalog/postgres/postgres-store.js";
import { endsWithNext, lastUnless, lock, type Store, type Tx } from "../../../src/catalog/store.js";
import { refusal } from "../../suites/catalog-fixture.js";
import { CuttingProxy } from "../../support/cutting-proxy.js";
import { serverPostgres, TEST_POSTGRES, type TestDatabase } from "../../support/postgres.js";

// Connections, locks and failures are those of a server: there is nothing of it within this process.
const server = TEST_POSTGRES;
if (server !== undefined)
  describe("The store on a PostgreSQL server", () => {
    const url = new URL(server);
    const password = decodeURIComponent(url.password);
    let database: TestDatabase;
    let proxy: CuttingProxy;
    let settings: PostgresSettings;
    const stores: Store[] = [];
    const open = async (more: Partial<PostgresSettings> = {}): Promise<PostgresStore> => {
      const store = await PostgresStore.open({ clock: systemClock }, { ...settings, ...more });
      stores.push(store);
      return store;
    };

    beforeEach(async () => {
      database = await serverPostgres(server);
      proxy = await CuttingProxy.to({ host: url.hostname, port: Number(url.port) });
      const connection: pg.PoolConfig = {
        host: "127.0.0.1",
        port: proxy.port,
        user: decodeURIComponent(url.username),
        password,
        database: url.pathname.slice(1),
      };
      settings = { ...database.settings, connection };
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      await proxy.close();
      await database.end();
    });

    const beat = (beat_at: number) => (tx: Tx) => tx.insertInto("heartbeat").values({ id: beat_at, beat_at }).execute();
    const beats = async (store: Store) =>
      (await store.reads.selectFrom("heartbeat").select("id").orderBy("id").execute()).map(({ id }) => id);

    it("brings the schema up to date once, however many begin at the same time", async () => {
      const opened = await Promise.all([open(), open(), open()]);
      await opened[0].write(beat(1));
      expect(await beats(opened[2])).to.deep.equal([1]);
    });

    for (const [commit, isLast] of [
      ["a commit", false],
      ["a commit beside the last statement,", true],
    ] as const)
      it(`does not know what became of ${commit} whose answer was lost, and does not make it again`, async () => {
        const store = await open();
        for (const [id, forward] of [
          [1, true],
          [2, false],
        ] as const) {
          // A simple query: its length, and the text.
          proxy.cutAt("\u000bcommit\u0000", forward);
          let runs = 0;
          const write = store.write((tx) => {
            runs++;
            if (isLast) endsWithNext(tx);
            return beat(id)(tx);
          });
          await refusal(write, "dependencyUnavailable");
          expect(String(await write.catch((error: unknown) => error))).to.contain("not known whether");
          expect(runs).to.equal(1);
        }
        // The server has made the first, and never heard of the second.
        expect(await beats(store)).to.deep.equal([1]);
      });

    it("sends the commit along with the last statement of an intent, and runs it again where it was not the last", async () => {
      const store = await open();
      const runs: boolean[] = [];
      const write = (id: number, isLast: boolean) =>
        store.write(async (tx) => {
          const ends = endsWithNext(tx);
          runs.push(ends);
          const beat_at = ends && !isLast ? lastUnless(sql<boolean>`${id} > 0`) : sql<number>`7`;
          await sql`insert into heartbeat (id, beat_at) values (${id}, ${beat_at})`.execute(tx);
          if (!ends) await beat(id + 1_000)(tx);
        });
      await write(1, true);
      await write(2, false);
      expect(runs).to.deep.equal([true, true, false]);
      expect(await beats(store)).to.deep.equal([1, 2, 1_002]);
      // The key is there: nothing is committed, and the next transaction of the connection is as any.
      expect(String(await write(1, true).catch((error: unknown) => error))).to.match(/duplicate key/);
      await Promise.all(Array.from({ length: 20 }, (_, n) => write(100 + n, n % 2 === 0)));
      expect(await beats(store)).to.have.length(3 + 20 + 10);
    });

    it("writes nothing when the connection is lost in the middle, and goes on with a new one", async () => {
      const store = await open();
      const write = store.write(async (tx) => {
        await beat(1)(tx);
        proxy.cut();
        await beat(2)(tx);
      });
      await refusal(write, "dependencyUnavailable");
      await store.write(beat(3));
      expect(await beats(store)).to.deep.equal([3]);
    });

    it("says that the database is away while it is, and comes back by itself", async () => {
      const store = await open();
      await store.write(beat(1));
      proxy.refusing = true;
      proxy.cut();
      await refusal(beats(store), "dependencyUnavailable");
      await refusal(store.write(beat(2)), "dependencyUnavailable");
      proxy.refusing = false;
      await store.write(beat(3));
      expect(await beats(store)).to.deep.equal([1, 3]);
    });

    it("is let go by a server that ends all sessions, and comes back", async () => {
      const store = await open();
      await store.write(beat(1));
      const kill = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'store'";
      const other = await open({ connection: { ...settings.connection, application_name: "store" } });
      const write = other.write(async (tx) => {
        await beat(2)(tx);
        await database.run(kill);
        await beat(3)(tx);
      });
      await refusal(write, "dependencyUnavailable");
      expect(await beats(store)).to.deep.equal([1]);
      await other.write(beat(4));
      expect(await beats(other)).to.deep.equal([1, 4]);
    });

    it("runs intents again that wait for each other", async () => {
      const [one, two] = [await open(), await open()];
      let waiting = 0;
      let bothHold = (): void => undefined;
      const held = new Promise<void>((resolve) => (bothHold = resolve));
      let runs = 0;
      const crossing = (store: Store, id: number, names: readonly [string, string]) =>
        store.write(
          async (tx) => {
            runs++;
            await lock(tx, [names[0]]);
            if (++waiting === 2) bothHold();
            await held;
            await lock(tx, [names[1]]);
            await beat(id)(tx);
          },
          { locks: [`only ${id}`] },
        );
      await Promise.all([crossing(one, 1, ["a", "b"]), crossing(two, 2, ["b", "a"])]);
      expect(await beats(one)).to.deep.equal([1, 2]);
      expect(runs).to.equal(3);
    });

    it("runs intents beside each other that name other things, and alone those that name none", async () => {
      const store = await open();
      const order: string[] = [];
      const slow = (name: string, locks?: readonly string[]) =>
        store.write(async (tx) => {
          // Its first query is answered when the transaction has what it waits for.
          await tx.selectFrom("heartbeat").select("id").execute();
          order.push(`${name} begins`);
          for (let turn = 0; turn < 5; turn++) await tx.selectFrom("heartbeat").select("id").execute();
          order.push(`${name} ends`);
        }, locks && { locks });
      await Promise.all([slow("a", ["a"]), slow("again a", ["a"])]);
      expect(order[1]).to.match(/ends$/);
      order.length = 0;
      await Promise.all([slow("whole"), slow("c", ["c"])]);
      expect(order[1]).to.match(/ends$/);
    });

    it("goes on when the schema is changed under its prepared statements", async () => {
      const store = await open();
      await store.write(beat(1));
      const all = () => store.reads.selectFrom("heartbeat").selectAll().execute();
      for (let n = 0; n < 20; n++) await all();
      await database.run("alter table heartbeat add column more text");
      for (let n = 0; n < 20; n++) expect(await all()).to.have.length(1);
      for (let n = 0; n < 20; n++)
        await store.write((tx) => tx.updateTable("heartbeat").set({ beat_at: n }).returningAll().execute());
      await database.run("alter table heartbeat add column most text");
      for (let n = 0; n < 20; n++)
        await store.write((tx) => tx.updateTable("heartbeat").set({ beat_at: n }).returningAll().execute());
    });

    it("tells other processes what is announced, again after the connection was lost", async () => {
      const [one, two] = [await open(), await open()];
      const heard: string[] = [];
      two.subscribe("jobs", (text) => heard.push(text));
      const announced = async (text: string) => {
        // What is announced before others listen is lost; whoever waits for it looks by itself.
        while (!heard.includes(text)) {
          one.announce("jobs", text);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      await announced("first");
      proxy.cut();
      await announced("second");
    });

    it("refuses a server that would lose what it has confirmed, and one that is not there, without the password", async () => {
      const refused = async (more: pg.PoolConfig) => {
        const error = await open({ connection: { ...settings.connection, ...more } }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(CatalogUnusable);
        return (error as Error).message;
      };
      expect(await refused({ options: "-c synchronous_commit=off" })).to.include("synchronous_commit = off");
      const wrong = await refused({ database: "no_such_database", password });
      expect(wrong).to.include("no_such_database").and.to.include("create it");
      proxy.refusing = true;
      expect(await refused({}))
        .to.include(`127.0.0.1:${proxy.port}`)
        .and.not.to.include(password);
    });

    it("refuses a catalog that a newer program has migrated", async () => {
      await open();
      await stores.pop()?.close();
      await database.run("insert into kysely_migration (name, timestamp) values ('9999_future', '')");
      const error = await open().then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(error).to.be.instanceOf(CatalogUnusable);
      expect(error?.message).to.include("9999_future");
    });
  });
