import { expect } from "chai";
import { withoutSecrets } from "../../../src/admin/audit-log.js";

describe("What the audit log records of a body", () => {
  it("has no member whose name says that it is a secret, at any depth", () => {
    const body = {
      account: "alice",
      accessKeyId: "ALICE",
      secretAccessKey: "planted-1",
      keys: [{ sessionToken: "planted-2", accessKeyId: "TWO", expires: "2027-01-01T00:00:00Z" }],
      chain: { mnemonic: "planted-3", keystorePasswordFile: "/run/secrets/password" },
      master: "planted-4",
      webhook: { token: { value: "planted-5" } },
    };
    const recorded = JSON.stringify(withoutSecrets(body));
    expect(recorded).to.not.contain("planted");
    for (const kept of ["alice", "ALICE", "TWO", "2027-01-01", "/run/secrets/password"])
      expect(recorded).to.contain(kept);
  });

  it("is cut where texts, lists and depths are large, and leaves numbers, null and text as they are", () => {
    const long = "x".repeat(5000);
    const cut = withoutSecrets({ long, list: Array(5000).fill(1) }) as { long: string; list: number[] };
    expect(cut.long.length).to.be.lessThan(1100);
    expect(cut.long).to.contain("5000 characters");
    expect(cut.list).to.have.length(100);
    let deep: unknown = "bottom";
    for (let n = 0; n < 1000; n++) deep = { deep };
    expect(JSON.stringify(withoutSecrets(deep))).to.not.contain("bottom");
    expect(withoutSecrets({ a: 1, b: null, c: "text", d: false })).to.deep.equal({
      a: 1,
      b: null,
      c: "text",
      d: false,
    });
  });
});
