import { expect } from "chai";
import { ProgressLine } from "../../../src/cli/progress.js";

describe("The progress of a long command", () => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, written, write: (text: string) => written.push(text) };
  };

  it("is one line that is written anew now and then, and cleared at the end", () => {
    const stream = terminal(true);
    let now = 1000;
    const progress = new ProgressLine("big.iso", stream, () => now);
    progress.show(1, 4);
    progress.show(2, 4);
    now += 200;
    progress.show(3, 4);
    progress.end();
    progress.end();
    expect(stream.written).to.deep.equal(["\r\u001b[Kbig.iso: 25 %", "\r\u001b[Kbig.iso: 75 %", "\r\u001b[K"]);
  });

  it("is not shown where nobody looks", () => {
    const stream = terminal(false);
    const progress = new ProgressLine("big.iso", stream);
    progress.show(1, 2);
    progress.end();
    expect(stream.written).to.deep.equal([]);
  });
});
