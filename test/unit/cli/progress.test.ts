import { expect } from "chai";
import { Progress } from "../../../src/cli/progress.js";

describe("The progress of a long command", () => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, written, write: (text: string) => written.push(text) };
  };

  it("is one line that is written anew now and then, and cleared at the end", () => {
    const stream = terminal(true);
    let now = 1000;
    const progress = new Progress(stream, () => now);
    progress.show(() => "25 %");
    progress.show(() => "50 %");
    now += 200;
    progress.show(() => "75 %");
    progress.end();
    progress.end();
    expect(stream.written).to.deep.equal(["\r\u001b[K25 %", "\r\u001b[K75 %", "\r\u001b[K"]);
  });

  it("is not shown where nobody looks", () => {
    const stream = terminal(false);
    const progress = new Progress(stream);
    progress.show(() => "50 %");
    progress.end();
    expect(stream.written).to.deep.equal([]);
  });
});
