import { expect } from "chai";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskTier } from "../../../src/cache/disk-tier.js";
import type { Hash } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";

const name = (n: number) => n.toString(16).padStart(64, "0") as Hash;
/** Eight bytes on disk. */
const content = (n: number) => {
  const bytes = new Uint8Array(FRAGMENT_SIZE);
  bytes.set(Buffer.from(String(10_000_000 + n)));
  return bytes;
};

describe("DiskTier", () => {
  let folder: string;
  const opened: DiskTier[] = [];
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "cess-s3-test-")), "cache");
  });
  afterEach(async () => {
    for (const disk of opened.splice(0)) await disk.settled();
    rmSync(join(folder, ".."), { recursive: true, force: true });
  });

  /** A disk for six. */
  const open = (sameReadingMs = 0, isAmple?: (bytes: number) => Promise<boolean>) => {
    const disk = new DiskTier({ folder, maxBytes: 48, newcomerShare: 0.34, sameReadingMs, isAmple });
    opened.push(disk);
    return disk;
  };

  async function expectHeld(disk: DiskTier, ...held: number[]): Promise<void> {
    for (const n of held) {
      const bytes = (await disk.read(name(n)))?.bytes;
      expect(bytes && Buffer.from(bytes.subarray(0, 8)).toString(), `fragment ${n}`).to.equal(String(10_000_000 + n));
    }
  }

  it("keeps what is in use while a scan passes through, also one after a restart", async () => {
    const before = open();
    for (const n of [1, 2]) await before.write(name(n), content(n));
    await expectHeld(before, 1, 2);
    for (let n = 100; n < 108; n++) await before.write(name(n), content(n));
    await before.settled();
    expect(readdirSync(folder)).to.include.members([name(1), name(2), `${name(107)}.new`]);
    const after = open();
    for (let n = 200; n < 208; n++) await after.write(name(n), content(n));
    await after.settled();
    await expectHeld(after, 1, 2, 207);
    expect(readdirSync(folder)).to.have.length(6);
    expect(after.bytes).to.equal(48);
  });

  it("gives way: removes at least as much as it is told, in the order of eviction", async () => {
    const disk = open();
    for (const n of [1, 2]) await disk.write(name(n), content(n));
    await expectHeld(disk, 1, 2);
    for (const n of [3, 4]) await disk.write(name(n), content(n));
    await disk.shrink(17);
    expect([disk.bytes, readdirSync(folder).length]).to.deep.equal([8, 1]);
    await disk.shrink(1000);
    expect([disk.bytes, readdirSync(folder).length]).to.deep.equal([0, 0]);
  });

  it("takes nothing while the disk has nothing to spare, or cannot tell", async () => {
    const answers = [() => Promise.resolve(false), () => Promise.reject(new Error("EIO")), () => Promise.resolve(true)];
    const asked: number[] = [];
    const disk = open(0, (bytes) => {
      asked.push(bytes);
      return answers[asked.length - 1]!();
    });
    for (const held of [0, 0, 1]) {
      await disk.write(name(1), content(1));
      expect(readdirSync(folder)).to.have.length(held);
    }
    expect(asked).to.deep.equal([8, 8, 8]);
  });

  it("reads what was found after a crash under the name from before or from after the move", async () => {
    const before = open(1e9);
    await before.write(name(1), content(1));
    await before.settled();
    renameSync(join(folder, `${name(1)}.new`), join(folder, name(1)));
    const after = open(1e9);
    await expectHeld(after, 1);
    await after.write(name(2), content(2));
    await after.settled();
    writeFileSync(join(folder, name(2)), String(10_000_002));
    const both = open();
    await expectHeld(both, 1, 2);
    both.drop(name(2));
    await both.settled();
    expect([existsSync(join(folder, name(2))), existsSync(join(folder, `${name(2)}.new`))]).to.deep.equal([
      false,
      false,
    ]);
  });

  it("gives right bytes to many readers while files are moved, dropped and cleared", async () => {
    const disk = open();
    const readers = Array.from({ length: 4 }, async (_, reader) => {
      for (let round = 0; round < 12; round++) {
        const n = (reader * 7 + round * 5) % 9;
        const found = (await disk.read(name(n)))?.bytes;
        if (found) expect(Buffer.from(found.subarray(0, 8)).toString()).to.equal(String(10_000_000 + n));
        else await disk.write(name(n), content(n));
        if (reader === 0 && round === 6) await disk.clear();
      }
    });
    await Promise.all(readers);
    await disk.settled();
    const sizes = readdirSync(folder).map((file) => statSync(join(folder, file)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0))
      .to.equal(disk.bytes)
      .and.be.at.most(48);
  });
});
