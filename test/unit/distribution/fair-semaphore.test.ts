import { setMaxListeners } from "node:events";
import { expect } from "chai";
import { FairSemaphore } from "../../../src/distribution/fair-semaphore.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("FairSemaphore", () => {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  let running: { readonly what: string; end(): void }[] = [];
  let started: string[] = [];
  beforeEach(() => {
    running = [];
    started = [];
  });

  /** Work that ends when the test says so. */
  const add = (slots: FairSemaphore, file: string, node: string, given = signal) =>
    slots.run(
      file,
      node,
      () =>
        new Promise<void>((resolve) => {
          const what = `${file}/${node}`;
          started.push(what);
          const entry = {
            what,
            end: () => {
              running.splice(running.indexOf(entry), 1);
              resolve();
            },
          };
          running.push(entry);
        }),
      given,
    );
  const endOne = async () => {
    running[0]?.end();
    await turn();
  };

  it("lets files take turns: a long one does not keep a short one waiting", async () => {
    const slots = new FairSemaphore({ slots: 1, slotsPerNode: 12 });
    const all = Array.from({ length: 50 }, (_, n) => add(slots, "long", `n${n}`));
    await turn();
    all.push(add(slots, "short", "n1"), add(slots, "short", "n2"));
    while (running.length > 0) await endOne();
    await Promise.all(all);
    expect(started.slice(0, 5)).to.deep.equal(["long/n0", "long/n1", "short/n1", "long/n2", "short/n2"]);
    expect(started).to.have.length(52);
  });

  it("keeps a slow node from holding every slot, whoever sends to it", async () => {
    const slots = new FairSemaphore({ slots: 4, slotsPerNode: 2 });
    const all = ["a", "b", "c", "d"].map((file) => add(slots, file, "slow"));
    await turn();
    expect(started).to.deep.equal(["a/slow", "b/slow"]);
    all.push(add(slots, "e", "quick"), add(slots, "c", "quick"), add(slots, "f", "quick"));
    await turn();
    expect(started.slice(2)).to.deep.equal(["e/quick", "c/quick"]);
    while (running.length > 0) await endOne();
    await Promise.all(all);
    expect(started).to.have.length(7);
  });

  it("lets who waits leave, and gives back the slot of what fails", async () => {
    const slots = new FairSemaphore({ slots: 1, slotsPerNode: 1 });
    const controller = new AbortController();
    const first = add(slots, "a", "n");
    const left = add(slots, "b", "n", controller.signal).catch((error: unknown) => error);
    const last = add(slots, "c", "n");
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await left).to.equal(reason);
    await endOne();
    expect(started).to.deep.equal(["a/n", "c/n"]);
    await endOne();
    await Promise.all([first, last]);
    const failing = slots.run("d", "n", () => Promise.reject(new Error("broken")), signal);
    expect(await failing.catch(String)).to.equal("Error: broken");
    const after = add(slots, "e", "n");
    await turn();
    await endOne();
    await after;
  });
});
