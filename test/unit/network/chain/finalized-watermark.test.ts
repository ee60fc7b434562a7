import { expect } from "chai";
import { FinalizedWatermark } from "../../../../src/network/chain/finalized-watermark.js";

class CountingStore {
  value: unknown;
  writes = 0;
  broken = false;
  get(): Promise<unknown> {
    return Promise.resolve(this.value);
  }
  set(_key: string, value: unknown): Promise<void> {
    this.writes++;
    if (this.broken) return Promise.reject(new Error("disk full"));
    this.value = JSON.parse(JSON.stringify(value));
    return Promise.resolve();
  }
}

/** Lets what was begun without waiting come to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("The mark of the last final block", () => {
  let store: CountingStore;
  const next = async (genesis: string) => {
    const watermark = await FinalizedWatermark.open(store);
    await watermark.begin(genesis);
    return watermark;
  };
  beforeEach(() => (store = new CountingStore()));

  it("is at most some blocks old in the next process, and is not written at every block", async () => {
    const watermark = await next("0xa");
    for (let number = 100; number <= 199; number++) {
      watermark.saw(number);
      await settled();
    }
    expect((await next("0xa")).number).to.be.within(195, 199);
    expect(store.writes).to.be.within(19, 21);
  });

  it("is exact after an orderly end", async () => {
    const watermark = await next("0xa");
    for (const number of [100, 102, 101]) watermark.saw(number);
    await watermark.save();
    await watermark.save();
    expect((await next("0xa")).number).to.equal(102);
  });

  it("means nothing for another chain, and is that one's from then on", async () => {
    const watermark = await next("0xa");
    watermark.saw(1000);
    await watermark.save();
    const other = await next("0xb");
    expect(other.number).to.equal(-1);
    other.saw(7);
    await other.save();
    expect((await next("0xb")).number).to.equal(7);
    expect((await next("0xa")).number).to.equal(-1);
  });

  it("begins anew when the store holds rubbish", async () => {
    for (const rubbish of ["?", null, { genesis: "0xa" }, { genesis: "0xa", number: 1.5 }]) {
      store.value = rubbish;
      expect((await next("0xa")).number).to.equal(-1);
    }
  });

  it("goes on when the store cannot be written, and tries again with a later block", async () => {
    const watermark = await next("0xa");
    store.broken = true;
    watermark.saw(100);
    await settled();
    store.broken = false;
    watermark.saw(101);
    await settled();
    expect((await next("0xa")).number).to.equal(101);
  });
});
