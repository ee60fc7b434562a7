import { expect } from "chai";
import { JournalWorld, type Fault } from "../../support/journal-world.js";

/** Runs worlds of these seeds until one of them finds something wrong. */
async function found(fault: Fault, seeds: number): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new JournalWorld(seed, fault);
    await world.run(300);
    if (world.wrong.length > 0) return `seed ${seed}: ${world.wrong.join("; ")}`;
  }
  return undefined;
}

/** What the simulation does not find (test/simulation/lost-disk-bugs.ts): no journal is refused there. */
const FAULTS: Readonly<Record<string, Fault>> = {
  "extents are not noted": {
    sql: "drop trigger journal_extents_insert; drop trigger journal_extents_update; drop trigger journal_versions_update",
  },
  "documents are not noted": {
    sql: "drop trigger journal_configurations_insert; drop trigger journal_configurations_update",
  },
  "what a failed journal had is forgotten": {
    refused: 0.5,
    journal: (real) => ({
      drop: async (number) => {
        await real.forget(number, 1000);
        await real.drop(number);
      },
    }),
  },
};

describe("Disks that are lost at any moment", function () {
  this.timeout(300_000);

  it("cost nothing that the last journal has, and bring nothing back that was deleted; a mount has the same", async () => {
    let losses = 0;
    let compared = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const world = new JournalWorld(seed);
      await world.run(300);
      expect(world.wrong, `seed ${seed}`).to.deep.equal([]);
      losses += world.losses;
      compared += world.compared;
    }
    expect(losses).to.be.above(9);
    expect(compared, "looks at a mount").to.be.above(20);
  });

  for (const [name, fault] of Object.entries(FAULTS))
    it(`would show it if ${name}`, async () => {
      expect(await found(fault, 12)).to.not.equal(undefined);
    });
});
