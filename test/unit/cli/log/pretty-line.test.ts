import { expect } from "chai";
import { prettyLine } from "../../../../src/cli/log/pretty-line.js";

describe("A line of the log for people", () => {
  const time = "2026-01-05T10:11:12.345Z";

  it("has the time, the level, the message and the members", () => {
    const line = JSON.stringify({ level: "info", time, bucket: "box", status: 200, list: ["a"], msg: "request" });
    expect(prettyLine(line, false)).to.equal('10:11:12.345 info  request bucket=box status=200 list=["a"]\n');
  });

  it("has an error's stack below", () => {
    const line = JSON.stringify({
      level: "error",
      time,
      err: { message: "no", stack: "Error: no\n    at here" },
      msg: "it failed",
    });
    expect(prettyLine(line, false)).to.equal("10:11:12.345 error it failed\nError: no\n    at here\n");
  });

  it("escapes what would steer the terminal, and leaves alone what is no JSON", () => {
    const line = JSON.stringify({ level: "warn", time, key: "a\u001b[2Jb", msg: "m" });
    expect(prettyLine(line, false)).to.contain("key=a\\x1b[2Jb").and.not.contain("\u001b");
    expect(prettyLine("plain\n", false)).to.equal("plain\n");
    expect(prettyLine(line, true)).to.contain("\u001b[33mwarn ");
  });
});
