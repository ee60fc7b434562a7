import { expect } from "chai";
import { waitFor, Waits } from "../../../src/model/waits.js";

describe("The waits of a request", () => {
  const after = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve("done"), ms));

  it("count once what goes on at the same time, by whom it waits for", async () => {
    const waits = new Waits();
    const [one, two] = await Promise.all([waits.for("nodes", after(40)), waits.for("nodes", after(60))]);
    expect([one, two]).to.deep.equal(["done", "done"]);
    const both = waits.ms.nodes;
    expect(both).to.be.least(55);
    expect(waits.ms.chain).to.equal(0);
    await waits.for("nodes", after(20));
    expect(waits.ms.nodes).to.be.least(both + 15);
  });

  it("count what fails, and nothing where nobody counts", async () => {
    const waits = new Waits();
    const failing = waits.for(
      "chain",
      after(20).then(() => Promise.reject(new Error("away"))),
    );
    expect(await failing.catch((error: unknown) => (error as Error).message)).to.equal("away");
    expect(waits.ms.chain).to.be.least(15);
    expect(await waitFor(undefined, "chain", Promise.resolve(1))).to.equal(1);
  });
});
