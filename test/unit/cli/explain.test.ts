import { expect } from "chai";
import { explain } from "../../../src/cli/explain.js";
import { ConfigError } from "../../../src/config/config-error.js";

describe("What a command says of a failure", () => {
  it("is the message alone of a mistake or of a refusal by the system, and the trace of a bug", () => {
    expect(explain(new ConfigError("listen is wrong"))).to.equal("listen is wrong");
    expect(explain(Object.assign(new Error("EIO: no luck"), { code: "EIO" }))).to.equal("EIO: no luck");
    expect(explain(new TypeError("a bug")))
      .to.contain("TypeError: a bug")
      .and.contain("    at ");
  });

  it("is legible whatever was thrown", () => {
    expect(explain("words")).to.equal("words");
    expect(explain({ reason: "it broke" }))
      .to.contain("it broke")
      .and.not.contain("[object Object]");
    expect(explain(undefined)).to.equal("undefined");
  });
});
