import { expect } from "chai";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { MemoryBlobs } from "../../../src/blobs/memory-blobs.js";
import { putBackLinked, QuarantineKeeper } from "../../../src/maintenance/quarantine-keeper.js";
import type { BlobId } from "../../../src/model/object.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { TestClock } from "../../suites/catalog-fixture.js";

const DAY = 86_400_000;

describe("The quarantine's keeper", () => {
  const clock = new TestClock();
  let blobs: MemoryBlobs;
  const linked = new Set<string>();
  const catalog: Pick<Catalog, "orphans"> = {
    orphans: (ids) => Promise.resolve(ids.filter((id) => !linked.has(id))),
  };
  beforeEach(() => {
    blobs = new MemoryBlobs({ now: () => clock.time, capacity: 1000 });
    linked.clear();
  });
  const setAside = async (size: number): Promise<BlobId> => {
    const { id } = await blobs.write(ByteStream.of(Buffer.alloc(size)));
    blobs.settle([id]);
    await blobs.quarantine.add([id]);
    return id;
  };
  const kept = async () => (await blobs.quarantine.files()).map(({ name }) => name);
  const keeper = (minFreeBytes = 0) =>
    new QuarantineKeeper({ catalog, blobs, clock }, { keepMs: 7 * DAY, minFreeBytes, intervalMs: 1000 });

  it("removes what was there for the days that are set, and nothing before", async () => {
    const old = await setAside(10);
    clock.time += DAY;
    const young = await setAside(10);
    expect(await keeper().step()).to.deep.equal({ kind: "idle", until: clock.time + 1000 });
    clock.time += 6 * DAY - 1;
    await keeper().step();
    expect(await kept()).to.deep.equal([old, young]);
    clock.time += 1;
    await keeper().step();
    expect(await kept()).to.deep.equal([young]);
  });

  it("removes the oldest early while the disk is short, and no more than needed", async () => {
    const [first, second, third] = [await setAside(300), await setAside(300), await setAside(300)];
    await keeper(100).step();
    expect(await kept()).to.deep.equal([first, second, third]);
    await keeper(350).step();
    expect(await kept()).to.deep.equal([second, third]);
  });

  it("puts back what the catalog links instead, however old it is", async () => {
    const [needed, garbage] = [await setAside(10), await setAside(10)];
    linked.add(needed);
    clock.time += 30 * DAY;
    await keeper().step();
    expect(await kept()).to.deep.equal([]);
    const there: BlobId[] = [];
    for await (const { id } of blobs.list()) there.push(id);
    expect(there).to.deep.equal([needed]).and.not.to.include(garbage);
  });

  it("puts back at the start what a newer catalog links, and leaves the rest where it is", async () => {
    const [needed, garbage] = [await setAside(10), await setAside(10)];
    linked.add(needed);
    expect(await putBackLinked({ catalog, blobs })).to.equal(1);
    expect(await kept()).to.deep.equal([garbage]);
  });
});
