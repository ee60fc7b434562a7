import { expect } from "chai";
import { MemoryBlobs } from "../../../src/blobs/memory-blobs.js";
import type { FileRow, RestoredFile } from "../../../src/catalog/catalog.js";
import type { CessAccount } from "../../../src/model/account.js";
import { DomainError } from "../../../src/model/errors.js";
import { PLAIN } from "../../../src/model/file.js";
import type { Fid } from "../../../src/model/hash.js";
import type { BlobId } from "../../../src/model/object.js";
import { SEGMENT_SIZE } from "../../../src/model/sizes.js";
import type { FileRange } from "../../../src/retrieval/retrieval.js";
import type { FileLook, FileLooks } from "../../../src/scrubbing/file-look.js";
import { Repairer } from "../../../src/scrubbing/repairer.js";
import { SCRUB_DEFAULTS, type ScrubSettings } from "../../../src/scrubbing/settings.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { ManualClock } from "../../support/manual-clock.js";

const fid = "f".repeat(64) as Fid;
const HOUR_MS = 3_600_000;

describe("The repairer", () => {
  let clock: ManualClock;
  let blobs: MemoryBlobs;
  let seen: Partial<FileLook> | undefined;
  let rows: FileRow[];
  let layout: "own-file" | "pack";
  let begun: RestoredFile[][];
  let accepts: boolean;
  let underRepair: number;
  let opened: FileRange[];
  let unreadable: boolean;
  let logged: { readonly level: string; readonly text: string; readonly fields: object }[];
  let woken: string[];
  let renewed: string[];
  let free: number;

  beforeEach(() => {
    clock = new ManualClock();
    blobs = new MemoryBlobs();
    seen = { kept: 6, file: { fid, size: 10, owners: [owner("alice")], segments: [] } };
    rows = [row({})];
    [layout, accepts, underRepair, unreadable, free] = ["own-file", true, 0, false, 1e12];
    [begun, opened, logged, woken, renewed] = [[], [], [], [], []];
  });

  const owner = (name: string) => ({ account: `cX${name}` as CessAccount, territory: "home" });
  const row = (more: Partial<FileRow>): FileRow => ({
    id: "1",
    fid,
    owner: "alice",
    territory: "home",
    layout: "own-file",
    state: "stored",
    reports: 12,
    size: 10,
    format: PLAIN,
    segments: [{ hash: "0" as never, fragments: [] }],
    blobs: [],
    needed: true,
    ...more,
  });

  function repairer(settings: Partial<ScrubSettings> = {}): Repairer {
    const log = (level: string) => (fields: object, text: string) => logged.push({ level, text, fields });
    return new Repairer(
      {
        catalog: {
          checks: {
            summary: () => Promise.resolve({ byRedundancy: {}, oldest: 0, restored: underRepair, failingNodes: 0 }),
            degraded: () => Promise.resolve([{ file: "1", fid, layout, checkedAt: 0, degradedSince: 0 }]),
            objects: () => Promise.resolve([{ bucket: "box", key: "key" }]),
            renewPack: (file: string) => Promise.resolve(void renewed.push(file)),
            beginRepair: (files: RestoredFile[]) => {
              begun.push(files);
              return Promise.resolve(accepts);
            },
          } as never,
          files: { withFid: () => Promise.resolve(rows) } as never,
          orphans: (ids: readonly BlobId[]) => Promise.resolve(begun.length > 0 && accepts ? [] : [...ids]),
        },
        blobs: {
          write: (source, options) => blobs.write(source, options),
          requireFresh: () => blobs.requireFresh(),
          settle: (ids) => blobs.settle(ids),
          remove: (ids) => blobs.remove(ids),
          free: () => Promise.resolve(free),
        },
        retrieval: {
          open: (files) => {
            opened.push(...files);
            if (unreadable)
              return Promise.reject(new DomainError({ kind: "objectUnavailable" }, "at most 3 good fragments"));
            const [{ range } = { range: { start: 0, end: 0 } }] = files;
            return Promise.resolve(ByteStream.of(new Uint8Array(range.end - range.start)));
          },
        },
        looks: { look: () => Promise.resolve(seen) } as unknown as FileLooks,
        owners: (id) => (id === "stranger" ? undefined : { cessAccount: `cX${id}` as CessAccount }),
        clock,
        log: { warn: log("warn"), error: log("error") } as never,
        wake: (worker) => woken.push(worker),
      },
      { ...SCRUB_DEFAULTS, ...settings },
    );
  }
  const step = (one: Repairer) => one.step(new AbortController().signal);
  const staged = async () => {
    const ids: string[] = [];
    for await (const { id } of blobs.list()) ids.push(id);
    return ids;
  };

  it("stages the file's segments as the network has them, and only then gives the rows up", async () => {
    rows = [row({}), row({ id: "2", owner: "bob", format: { name: "aes-256-gcm", first: 0 }, size: 7 })];
    seen = { kept: 7, file: { fid, size: 10, owners: [owner("alice"), owner("bob")], segments: [] } };
    const one = repairer();
    expect(await step(one)).to.deep.equal({ kind: "busy" });
    expect(opened[0]?.file.format, "no key is needed").to.deep.equal(PLAIN);
    const [blob] = await staged();
    expect(begun).to.deep.equal([
      [
        { file: "1", slices: [{ blob, offset: 0, length: 10 }] },
        { file: "2", slices: [{ blob, offset: 0, length: SEGMENT_SIZE }] },
      ],
    ]);
    expect(woken).to.deep.equal(["delete"]);
    expect(one.counts).to.include({ restored: 1 });
  });

  it("leaves nothing behind when the rows have changed meanwhile", async () => {
    accepts = false;
    expect((await step(repairer())).kind).to.equal("idle");
    expect(await staged()).to.deep.equal([]);
    expect(woken).to.deep.equal([]);
  });

  it("repairs nothing that has come back, cannot be judged, or is about to change", async () => {
    for (const look of [{ kept: 8 }, undefined]) {
      seen = look;
      await step(repairer());
    }
    seen = { kept: 6 };
    for (const other of [row({ state: "encoded" }), row({ needed: false })]) {
      rows = [row({}), other];
      await step(repairer());
    }
    expect(opened).to.deep.equal([]);
  });

  it("does not delete what another owner keeps on the chain, and says so", async () => {
    seen = { kept: 6, file: { fid, size: 10, owners: [owner("alice"), owner("carol")], segments: [] } };
    const one = repairer();
    await step(one);
    expect(opened).to.deep.equal([]);
    expect(one.counts).to.include({ shared: 1 });
    expect(logged[0]?.text).to.match(/accounts that are not configured here own it, too/);
  });

  it("names FID and objects of a file that cannot be read, and tries it again after a while", async () => {
    unreadable = true;
    const one = repairer();
    await step(one);
    expect(one.counts).to.include({ unreadable: 1, restored: 0 });
    expect(logged).to.deep.equal([
      {
        level: "error",
        text: "a file is lost: fewer than 4 of its 12 fragments can be had from nodes, cache and peers",
        fields: { fid, objects: [{ bucket: "box", key: "key" }] },
      },
    ]);
    expect(begun).to.deep.equal([]);
    await step(one);
    expect(opened).to.have.length(1);
    await clock.advance(SCRUB_DEFAULTS.recheckMs);
    unreadable = false;
    await step(one);
    expect(one.counts).to.include({ restored: 1 });
  });

  it("has a pack merged", async () => {
    layout = "pack";
    underRepair = 100;
    await step(repairer());
    expect([renewed, woken, opened]).to.deep.equal([["1"], ["packer"], []]);
  });

  it("repairs no more files at a time than it may, none without room, and none when it is off", async () => {
    underRepair = 4;
    await step(repairer());
    underRepair = 3;
    free = 9;
    await step(repairer());
    expect(logged[0]?.text).to.match(/the disk has no room/);
    free = 1e12;
    expect(await step(repairer({ repairBelow: 0 }))).to.deep.equal({ kind: "idle" });
    expect(await step(repairer({ walkMs: 0 }))).to.deep.equal({ kind: "idle" });
    expect(opened).to.deep.equal([]);
  });

  it("reads no more a day than it may", async () => {
    const one = repairer({ repairBytesPerDay: 24, recheckMs: 1 });
    for (let hour = 0; hour < 100; hour++) {
      await step(one);
      await clock.advance(HOUR_MS);
    }
    // A byte an hour, and each file takes ten.
    expect(begun.length).to.be.within(9, 11);
  });
});
