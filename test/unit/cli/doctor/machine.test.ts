import { expect } from "chai";
import { findingsText, failure, ok, warning } from "../../../../src/cli/doctor/finding.js";
import { nodeVersion, openFiles } from "../../../../src/cli/doctor/machine.js";

describe("The doctor's look at the machine", () => {
  it("finds a Node.js that is older than the package wants", () => {
    for (const version of ["18.20.0", "20.18.9", "19.99.0"]) expect(nodeVersion(version).level).to.equal("error");
    for (const version of ["20.19.0", "22.0.0", "26.1.0"]) expect(nodeVersion(version).level).to.equal("ok");
    expect(nodeVersion().level).to.equal("ok");
  });

  it("finds a limit of open files that is below the connections that may come", () => {
    expect(openFiles(4096, 1024)).to.deep.include({ level: "warning" });
    expect(openFiles(4096, 1024).remedy).to.contain("5120");
    expect(openFiles(4096, 5120).level).to.equal("ok");
    expect(openFiles(4096, "unlimited").level).to.equal("ok");
    expect(openFiles(1).message, "the limit of this process").to.match(/limit is (?:\d+|unlimited)/);
  });

  it("is told in lines: each finding, what to do, and how many are not well", () => {
    expect(
      findingsText([ok("clock", "fine"), warning("files", "open", "close them"), failure("x", "bad", "mend")]),
    ).to.equal(
      [
        "ok       clock  fine",
        "warning  files  open",
        "                → close them",
        "error    x      bad",
        "                → mend",
        "",
        "1 error and 1 warning in 3 checks",
      ].join("\n"),
    );
    expect(findingsText([ok("clock", "fine")])).to.contain("all 1 checks are well");
  });
});
