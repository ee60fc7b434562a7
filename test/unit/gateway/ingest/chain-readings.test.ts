import { expect } from "chai";
import { ChainReadings, type Reading } from "../../../../src/gateway/ingest/chain-readings.js";
import { GIB } from "../../../../src/model/sizes.js";
import { ManualClock, settle } from "../../../support/manual-clock.js";
import { MemoryChain } from "../../../support/memory-chain.js";
import { alice, refused } from "../../../support/test-gateway.js";

describe("ChainReadings", () => {
  let chain: MemoryChain;
  let clock: ManualClock;
  let saved: ReadonlyMap<string, Reading>;
  let saves: number;
  const store = {
    load: () => Promise.resolve(saved),
    save: (readings: ReadonlyMap<string, Reading>) => {
      saves++;
      saved = readings;
      return Promise.resolve();
    },
  };
  beforeEach(() => {
    chain = new MemoryChain();
    chain.addTerritory(alice.cessAccount, alice.territory, BigInt(GIB));
    clock = new ManualClock();
    saved = new Map();
    saves = 0;
  });
  const begin = () => new ChainReadings({ chain, clock, store });

  it("gives the last reading without waiting while the chain is away, also that of the process before", async () => {
    const first = begin();
    const reading = await first.read(alice);
    chain.connected = false;
    expect(await first.read(alice)).to.equal(reading);
    expect(await begin().read(alice)).to.deep.equal(reading);
    expect(clock.sleeping, "only the next time to save").to.equal(1);
  });

  it("refuses at once when the last reading is too old, or of a time to come", async () => {
    await begin().read(alice);
    chain.connected = false;
    await clock.advance(600_000);
    const again = begin();
    const refusing = refused("ServiceUnavailable", again.read(alice));
    // The first that a process asks for waits a moment: the chain may be connecting.
    await settle();
    await clock.advance(2_000);
    await refusing;
    await refused("ServiceUnavailable", again.read(alice));
    const [[key, reading] = []] = [...saved];
    saved = new Map([[key!, { ...reading!, at: clock.now() + 1 }]]);
    const early = begin();
    const refusingEarly = refused("ServiceUnavailable", early.read(alice));
    await settle();
    await clock.advance(2_000);
    await refusingEarly;
  });

  it("waits two seconds for a chain that is connected and does not answer, and uses its late answer the next time", async () => {
    const readings = begin();
    const known = await readings.read(alice);
    let answer: (authorized: boolean) => void = () => undefined;
    chain.authorized = () => new Promise((resolve) => (answer = resolve));
    const asked = readings.read(alice);
    await settle();
    await clock.advance(2_000);
    expect(await asked).to.equal(known);
    answer(false);
    await settle();
    expect(readings.known(alice)?.authorized).to.equal(false);
  });

  it("waits for a chain that is slow when nothing is known, until it answers or is away", async () => {
    let answer: (authorized: boolean) => void = () => undefined;
    chain.authorized = () => new Promise((resolve) => (answer = resolve));
    const asked = begin().read(alice);
    await settle();
    for (let seconds = 0; seconds < 10; seconds += 2) await clock.advance(2_000);
    answer(true);
    expect((await asked).authorized).to.equal(true);
    saved = new Map();
    const refusing = refused("ServiceUnavailable", begin().read(alice));
    await settle();
    await clock.advance(2_000);
    chain.connected = false;
    await clock.advance(2_000);
    await refusing;
  });

  it("saves at the first reading, then once a minute what is new", async () => {
    const readings = begin();
    for (let n = 0; n < 5; n++) await readings.read(alice);
    expect(saves).to.equal(1);
    await clock.advance(60_000);
    expect(saves).to.equal(2);
    await clock.advance(60_000);
    await clock.advance(60_000);
    expect(saves).to.equal(2);
    await readings.read(alice);
    expect(saves).to.equal(3);
  });
});
