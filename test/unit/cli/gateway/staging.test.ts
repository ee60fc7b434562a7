import { expect } from "chai";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "../../../../src/async/system-clock.js";
import { FolderPlace } from "../../../../src/blobs/folder-place.js";
import type { Catalog } from "../../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../../src/catalog/sqlite/sqlite-catalog.js";
import { findStaging } from "../../../../src/cli/gateway/staging.js";
import { StagingPlace } from "../../../../src/cli/gateway/staging-place.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { stagingPlace, stagingSchema } from "../../../../src/config/staging.js";
import { ByteStream } from "../../../../src/streams/byte-stream.js";
import { version } from "../../../suites/catalog-fixture.js";
import { collect } from "../../../support/collect.js";
import { testKeys } from "../../../support/test-keys.js";

describe("Staging, as it is configured", () => {
  let folder: string;
  let dataDir: string;
  let shared: string;
  const catalogs: Catalog[] = [];
  const catalogIn = async (at: string) => {
    await mkdir(at, { recursive: true });
    const catalog = await openSqliteCatalog(
      { clock: systemClock, sealer: testKeys },
      { path: join(at, "catalog.sqlite") },
    );
    catalogs.push(catalog);
    return catalog;
  };
  const open = async (catalog: Catalog, path: string | undefined, at = dataDir) => {
    const settings = stagingSchema.parse(path === undefined ? {} : { url: pathToFileURL(path).href });
    const staging = await findStaging({ dataDir: at, reserveBytes: 0, staging: settings }, catalog);
    return { place: staging.place, blobs: await staging.open({ several: false }) };
  };
  const refused = async (opening: Promise<unknown>) => {
    const error = await opening.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ConfigError);
    return (error as ConfigError).message;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "staging-"));
    dataDir = join(folder, "data");
    shared = join(folder, "shared");
    await mkdir(dataDir);
    await mkdir(shared);
  });
  afterEach(async () => {
    for (const catalog of catalogs.splice(0)) await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is shared by the gateways of a catalog, and each finds the other's token there", async () => {
    const catalog = await catalogIn(dataDir);
    const one = await open(catalog, shared);
    const other = await open(catalog, shared, folder);
    const { id } = await one.blobs.write(ByteStream.of(Buffer.from("bytes")));
    expect((await collect(other.blobs.read(id))).toString()).to.equal("bytes");
    await one.place!.leave("gateway/1", "token");
    expect(await other.place!.finds("gateway/1", "token")).to.equal(true);
    await one.blobs.close();
    await other.blobs.close();
  });

  it("is told from another place by a token that is not found, although files may be shown late", async () => {
    const catalog = await catalogIn(dataDir);
    let slept = 0;
    const clock = { now: () => 0, sleep: (ms: number) => Promise.resolve(void (slept += ms)) };
    const place = new StagingPlace({ files: new FolderPlace(shared), catalog, clock });
    await place.leave("one", "token of an earlier start");
    expect(await place.finds("one", "token")).to.equal(false);
    expect(slept).to.equal(10_000);
  });

  it("refuses the place of another catalog", async () => {
    await (await open(await catalogIn(dataDir), shared)).blobs.close();
    const other = await catalogIn(join(folder, "other"));
    expect(await refused(open(other, shared))).to.match(/has the staged bytes of another catalog/);
  });

  it("refuses a folder that was used before and is empty now: its file system is not mounted", async () => {
    const catalog = await catalogIn(dataDir);
    await (await open(catalog, shared)).blobs.close();
    await rm(shared, { recursive: true });
    expect(await refused(open(catalog, shared))).to.match(/cannot be used: .*Mount its file system/);
    await mkdir(shared);
    expect(await refused(open(catalog, shared))).to.match(
      /staging\.json is missing there\. Is its file system mounted/,
    );
    expect(await readdir(shared), "nothing was made there").to.deep.equal([]);
    expect(await refused(open(catalog, undefined)), "nor are they in the data folder").to.match(
      /staging\.json is missing/,
    );
  });

  it("goes to a new place with its bytes, and back, and refuses a place that has not got them", async () => {
    const catalog = await catalogIn(dataDir);
    const local = await open(catalog, undefined);
    const { id } = await local.blobs.write(ByteStream.of(Buffer.from("staged")));
    await catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
    await catalog.objects.put(version("k", { size: 6 }), { blobs: [{ blob: id, offset: 0, length: 6 }] });
    await local.blobs.close();
    expect(await refused(open(catalog, shared))).to.match(/they are in .*blobs\. Stop the gateway, copy all/);
    await cp(join(dataDir, "blobs"), shared, { recursive: true });
    const moved = await open(catalog, shared);
    expect((await collect(moved.blobs.read(id))).toString()).to.equal("staged");
    await moved.blobs.close();
    await rm(join(dataDir, "blobs"), { recursive: true });
    await cp(shared, join(dataDir, "blobs"), { recursive: true });
    const back = await open(catalog, undefined);
    expect((await collect(back.blobs.read(id))).toString()).to.equal("staged");
    await back.blobs.close();
  });

  it("goes on after a crash between the mark and its row", async () => {
    const catalog = await catalogIn(dataDir);
    const { name } = await catalog.staging.read();
    await writeFile(join(shared, "staging.json"), JSON.stringify({ catalog: name }));
    await (await open(catalog, shared)).blobs.close();
    expect((await catalog.staging.read()).marked).to.equal(true);
  });

  it("refuses what is no folder, and says so", async () => {
    await writeFile(join(folder, "file"), "");
    expect(await refused(open(await catalogIn(dataDir), join(folder, "file")))).to.match(/is not a folder/);
  });

  it("finds nothing wrong with this machine's file system, and leaves nothing there", async () => {
    expect(await new FolderPlace(shared).fault()).to.equal(undefined);
    expect(await readdir(shared)).to.deep.equal([]);
    expect(await new FolderPlace("/proc").fault()).to.match(/nothing can be written there/);
  });

  it("is named by a URL, of which each mistake is told", () => {
    expect(stagingPlace("file:///mnt/a%20b")).to.deep.equal({ kind: "file", path: "/mnt/a b" });
    expect(stagingPlace("s3://bucket/a/b/?endpoint=http://127.0.0.1:9000&region=eu-1")).to.deep.equal({
      kind: "s3",
      bucket: "bucket",
      prefix: "a/b/",
      endpoint: "http://127.0.0.1:9000",
      region: "eu-1",
    });
    expect(stagingPlace("s3://bucket")).to.include({ prefix: "", endpoint: undefined });
    for (const [text, why] of [
      ["/mnt/staging", /must be file:\/\/\/path or s3:/],
      ["file://host/mnt", /three slashes/],
      ["s3://KEY:SECRET@bucket", /must not have credentials/],
      ["s3://no_bucket", /has no bucket's name/],
      ["s3://bucket?endpoint=127.0.0.1:9000", /begins with http/],
      ["s3://bucket?endpoint=https://a.example&zone=1", /knows endpoint and region only, and not zone/],
    ] as const)
      expect(() => stagingPlace(text), text).to.throw(why);
  });
});
