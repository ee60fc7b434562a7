import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../../src/catalog/sqlite/sqlite-catalog.js";
import { AccountAdmin } from "../../../../src/cli/gateway/account-admin.js";
import { Accounts } from "../../../../src/cli/gateway/accounts.js";
import { KeyAdmin } from "../../../../src/cli/gateway/key-admin.js";
import { TestClock } from "../../../suites/catalog-fixture.js";
import { testKeys } from "../../../support/test-keys.js";

const AMY = { name: "amy", cessAccount: "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y", territory: "home" };

describe("Accounts of a catalog that several processes use", () => {
  const clock = new TestClock();
  let folder: string;
  let processes: { readonly catalog: Catalog; readonly accounts: Accounts }[];

  const start = async (shared: boolean) => {
    const catalog = await openSqliteCatalog(
      { clock, sealer: testKeys },
      { path: join(folder, "catalog.sqlite"), shared },
    );
    const accounts = new Accounts([], testKeys);
    await accounts.load(catalog);
    const started = { catalog, accounts };
    processes.push(started);
    return started;
  };
  const admin = (of: { readonly catalog: Catalog; readonly accounts: Accounts }) => ({
    accounts: new AccountAdmin(of),
    keys: new KeyAdmin({ ...of, keys: testKeys, clock }),
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-accounts-"));
    processes = [];
  });
  afterEach(async () => {
    for (const { catalog } of processes) await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("lets a key in at the next request after another process has made it, and not after one has revoked it", async () => {
    const [one, other] = [await start(true), await start(true)];
    await admin(one).accounts.add(AMY);
    const { accessKeyId } = await admin(one).keys.create({ account: "amy" });
    await other.accounts.current();
    expect((await other.accounts.lookup(accessKeyId))?.account.displayName).to.equal("amy");
    // Cached there now.
    await admin(one).keys.revoke(accessKeyId);
    await other.accounts.current();
    expect(await other.accounts.lookup(accessKeyId)).to.equal(undefined);
  });

  it("shuts an account's keys out at the next request after another process has disabled it", async () => {
    const [one, other] = [await start(true), await start(true)];
    await admin(one).accounts.add(AMY);
    const { accessKeyId } = await admin(one).keys.create({ account: "amy" });
    await other.accounts.current();
    expect(await other.accounts.lookup(accessKeyId)).to.not.equal(undefined);
    await admin(one).accounts.disable("amy");
    await other.accounts.current();
    expect(await other.accounts.lookup(accessKeyId)).to.equal(undefined);
    expect(other.accounts.named("amy")?.disabled).to.equal(true);
    await admin(one).accounts.enable("amy");
    await other.accounts.current();
    expect(await other.accounts.lookup(accessKeyId)).to.not.equal(undefined);
  });

  it("knows the quota that another process has set", async () => {
    const [one, other] = [await start(true), await start(true)];
    await admin(one).accounts.add(AMY);
    await admin(one).accounts.setQuota("amy", { bytes: 7 });
    await other.accounts.current();
    expect(other.accounts.named("amy")?.quota).to.deep.equal({ bytes: 7 });
  });

  it("reads nothing for a request where the process is alone", async () => {
    const { accounts, catalog } = await start(false);
    await admin({ accounts, catalog }).accounts.add(AMY);
    const { identities } = catalog;
    let reads = 0;
    const counting = {
      identities: new Proxy(identities, {
        get: (target, name, receiver) => {
          reads++;
          return Reflect.get(target, name, receiver) as unknown;
        },
      }),
      configuration: catalog.configuration,
    };
    const watched = new Accounts([], testKeys);
    await watched.load(counting);
    reads = 0;
    for (let request = 0; request < 100; request++) await watched.current();
    expect(reads).to.equal(0);
    expect(watched.named("amy")?.displayName).to.equal("amy");
  });
});
