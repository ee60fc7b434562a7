import { expect } from "chai";
import fc from "fast-check";
import { AdmissionQueues, type AdmissionSettings } from "../../../src/cache/admission-queues.js";
import type { Hash } from "../../../src/model/hash.js";

const name = (n: number) => n.toString(16).padStart(64, "0") as Hash;

describe("AdmissionQueues", () => {
  let now: number;
  let dropped: Hash[];
  let queues: AdmissionQueues;

  function open(settings: Partial<AdmissionSettings> = {}): void {
    now = 0;
    dropped = [];
    queues = new AdmissionQueues(
      { maxBytes: 100, newcomerShare: 0.2, sameReadingMs: 10, remembered: 10, ...settings },
      (hash) => dropped.push(hash),
    );
  }
  beforeEach(() => open());

  /** As a cache is read: a hit, or a miss that is filled. Each a second after the other. */
  function read(n: number, size = 10): boolean {
    now += 1000;
    const hash = name(n);
    const hit = queues.has(hash);
    if (hit) queues.use(hash, now);
    else queues.add(hash, size, queues.remembers(hash), now);
    return hit;
  }

  function scan(from: number, to: number): void {
    for (let n = from; n < to; n++) read(n);
  }

  it("keeps what is in use while a scan passes through", () => {
    for (let round = 0; round < 2; round++) scan(0, 8);
    scan(100, 1000);
    for (let n = 0; n < 8; n++) expect(read(n), `entry ${n}`).to.equal(true);
    expect(queues.bytes).to.equal(100);
  });

  it("gives all room to newcomers while nothing is in use", () => {
    scan(0, 10);
    expect(dropped).to.deep.equal([]);
    scan(10, 12);
    expect(dropped).to.deep.equal([name(0), name(1)]);
  });

  it("does not take another use in the same reading for use", () => {
    queues.add(name(1), 10, false, now);
    expect(queues.use(name(1), now + 9)).to.equal(false);
    expect(queues.isProven(name(1))).to.equal(false);
    expect(queues.use(name(1), now + 10)).to.equal(true);
    expect(queues.isProven(name(1))).to.equal(true);
  });

  it("keeps what comes again soon after it was dropped, and forgets what was dropped long ago", () => {
    open({ sameReadingMs: 1e9 });
    scan(0, 20);
    expect(read(9)).to.equal(false);
    expect(queues.isProven(name(9))).to.equal(true);
    expect(queues.remembers(name(9))).to.equal(false);
    scan(100, 200);
    expect(read(9)).to.equal(true);
    expect(read(100)).to.equal(false);
    expect(queues.isProven(name(100))).to.equal(false);
  });

  it("lets those in use go by their last use when they alone are too many", () => {
    for (let n = 0; n < 10; n++) for (let time = 0; time < 2; time++) read(n);
    read(0);
    for (let time = 0; time < 2; time++) read(10);
    expect(dropped).to.deep.equal([name(1)]);
  });

  it("never holds more than it may, and drops no entry twice, whatever happens", () => {
    const step = fc.record({
      n: fc.nat(30),
      size: fc.integer({ min: 1, max: 60 }),
      what: fc.constantFrom("read", "delete", "add proven"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        open();
        const held = new Map<Hash, number>();
        for (const { n, size, what } of steps) {
          if (what === "delete") queues.delete(name(n));
          else if (what === "add proven") queues.add(name(n), size, true, now);
          else read(n, size);
          for (const hash of dropped.splice(0)) expect(queues.has(hash)).to.equal(false);
          expect(queues.bytes).to.be.at.most(100);
          held.clear();
          for (const hash of queues.hashes()) held.set(hash, queues.size(hash)!);
          expect([...held.values()].reduce((sum, bytes) => sum + bytes, 0)).to.equal(queues.bytes);
          expect(held.size).to.equal(queues.hashes().length);
        }
      }),
    );
  });
});
