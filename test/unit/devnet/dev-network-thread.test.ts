import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DevNetworkThread } from "../../../src/devnet/dev-network-thread.js";

describe("The dev network's thread", function () {
  this.timeout(30_000);

  it("says in words why the network does not start, whatever kind of error it is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-network-"));
    try {
      mkdirSync(join(folder, "chain"));
      writeFileSync(join(folder, "chain", "dev-chain.sqlite"), "this is no database".repeat(1000));
      const error: unknown = await DevNetworkThread.start({ folder, nodes: 12, blockMs: 1000, spec: 133 }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(Error);
      expect((error as Error).message).to.contain("not a database");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
