import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultReserve, DiskSpace, onOneDisk, type DiskSpaceSettings } from "../../../src/files/disk-space.js";
import { isProblem } from "../../../src/model/errors.js";
import { GIB, MIB } from "../../../src/model/sizes.js";
import { ManualClock } from "../../support/manual-clock.js";

const full = (error: unknown) => isProblem(error, "storageFull");

describe("DiskSpace", () => {
  let free: number;
  let measured: number;
  let clock: ManualClock;
  beforeEach(() => {
    free = 1000;
    measured = 0;
    clock = new ManualClock();
  });

  const space = (settings: DiskSpaceSettings = {}) => {
    const measure = () => {
      measured++;
      return Promise.resolve({ free, total: 10_000 });
    };
    return new DiskSpace({ clock, measure }, { reserveBytes: 200, freshBytes: 10_000, ...settings });
  };
  /** Whether so many bytes are promised, for good. */
  const takes = (disk: DiskSpace, bytes: number, intoReserve = false) =>
    disk.claim(bytes, { intoReserve }).then(
      () => true,
      (error: unknown) => {
        if (!full(error)) throw error;
        return false;
      },
    );

  it("promises what is free beyond the reserve, once", async () => {
    const disk = space();
    expect(await takes(disk, 801)).to.equal(false);
    const results = await Promise.all(Array.from({ length: 20 }, () => takes(disk, 100)));
    expect(results.filter(Boolean)).to.have.length(8);
    expect(await disk.status()).to.deep.equal({ free: 1000, reserve: 200, inFlight: 800, available: 0 });
  });

  it("counts what is written once, before a measurement shows it and after", async () => {
    const disk = space();
    const claim = await disk.claim(500);
    claim.wrote(400);
    expect(await disk.status()).to.deep.equal({ free: 600, reserve: 200, inFlight: 100, available: 300 });
    free = 600;
    await clock.advance(1000);
    expect(await disk.status()).to.deep.equal({ free: 600, reserve: 200, inFlight: 100, available: 300 });
    claim.release();
    claim.release();
    expect((await disk.status()).available).to.equal(400);
  });

  it("lets a claim of unknown size grow, until there is no room", async () => {
    free = 3.5 * MIB + 200;
    const disk = space({ freshBytes: 64 * MIB });
    const claim = await disk.claim(0);
    for (let n = 0; n < 3; n++) {
      await claim.cover(MIB);
      claim.wrote(MIB);
      free -= MIB;
    }
    expect(full(await claim.cover(MIB).catch((error: unknown) => error))).to.equal(true);
    await claim.cover(MIB / 2);
    claim.release();
    expect((await disk.status()).inFlight).to.equal(0);
  });

  it("measures once for many in a second, again after it and after many bytes, and before it refuses", async () => {
    const disk = space({ freshBytes: 300 });
    await Promise.all([takes(disk, 10), takes(disk, 10), takes(disk, 10)]);
    expect(measured).to.equal(1);
    await takes(disk, 280);
    expect(measured).to.equal(1);
    await takes(disk, 1);
    expect(measured, "after 300 bytes").to.equal(2);
    await clock.advance(1000);
    await takes(disk, 1);
    expect(measured, "after a second").to.equal(3);
    free = 5000;
    expect(await takes(disk, 2000), "what was deleted meanwhile").to.equal(true);
  });

  it("has freed what may be lost before it refuses, by as much as is missing", async () => {
    const disk = space();
    const asked: number[] = [];
    disk.relieveBy((bytes) => {
      asked.push(bytes);
      free += Math.min(bytes, 150);
      return Promise.resolve();
    });
    expect(await takes(disk, 900)).to.equal(true);
    expect(asked).to.deep.equal([100]);
    expect(await takes(disk, 300)).to.equal(false);
    expect(asked).to.deep.equal([100, 300]);
  });

  it("opens half of the reserve to what frees more than it takes, and what may be lost only twice the reserve", async () => {
    const disk = space();
    expect(await disk.isAmple(600)).to.equal(true);
    expect(await disk.isAmple(601)).to.equal(false);
    expect([await disk.fits(800), await disk.fits(801)]).to.deep.equal([true, false]);
    expect(await takes(disk, 901, true)).to.equal(false);
    expect(await takes(disk, 900, true)).to.equal(true);
  });

  it("keeps 256 MiB or 2 % of the disk, at most 8 GiB and a tenth", () => {
    expect(defaultReserve(100 * GIB)).to.equal(2 * GIB);
    expect(defaultReserve(4 * GIB)).to.equal(256 * MIB);
    expect(defaultReserve(GIB)).to.equal(Math.floor(GIB / 10));
    expect(defaultReserve(10_000 * GIB)).to.equal(8 * GIB);
  });

  it("measures a real folder's disk, and knows whether two folders are on one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cess-s3-space-"));
    try {
      expect((await DiskSpace.of(folder, clock).status()).free).to.be.greaterThan(0);
      expect(await onOneDisk(folder, folder)).to.equal(true);
      if (process.platform === "linux") expect(await onOneDisk(folder, "/proc")).to.equal(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
