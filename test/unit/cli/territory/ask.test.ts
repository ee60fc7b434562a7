import { expect } from "chai";
import { confirmed } from "../../../../src/cli/territory/ask.js";
import { CommandError } from "../../../../src/cli/command-error.js";

describe("The question before a call is signed", () => {
  const terminal = (answer: string) => ({ isTerminal: true, ask: () => Promise.resolve(answer) });

  it("is answered by y or yes alone", async () => {
    for (const yes of ["y", "Y", "yes", " Yes "]) expect(await confirmed(false, terminal(yes)), yes).to.equal(true);
    for (const no of ["", "n", "no", "yeah", "sure"]) expect(await confirmed(false, terminal(no)), no).to.equal(false);
  });

  it("is not asked with --yes, and refuses where nobody can answer", async () => {
    const nobody = { isTerminal: false, ask: () => Promise.reject(new Error("asked")) };
    expect(await confirmed(true, nobody)).to.equal(true);
    const refusal: unknown = await confirmed(false, nobody).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(CommandError);
    expect((refusal as Error).message).to.contain("--yes");
  });
});
