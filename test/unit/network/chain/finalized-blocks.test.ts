import { expect } from "chai";
import type { Connection } from "../../../../src/network/chain/connection.js";
import { FinalizedBlocks } from "../../../../src/network/chain/finalized-blocks.js";
import type { Link } from "../../../../src/network/chain/link.js";
import { eventually } from "../../../support/eventually.js";

describe("FinalizedBlocks", () => {
  it("asks a node again that left its question for new blocks unanswered, while the link is well", async () => {
    let questions = 0;
    const link = {
      down: new AbortController().signal,
      subscribe: (_type: string, _method: string, listener: (head: unknown) => void) => {
        if (++questions < 3) return Promise.reject(new Error("No response received from RPC endpoint in 60s"));
        listener({ number: "7" });
        return Promise.resolve();
      },
    } as unknown as Link;
    const closing = new AbortController();
    const connection = {
      closing: closing.signal,
      sawFinalized: () => undefined,
      onLink: (listener: (link: Link) => void) => {
        listener(link);
        return () => undefined;
      },
    } as unknown as Connection;
    const blocks = new FinalizedBlocks({ connection }, { retryMs: 1 });
    await eventually("the node's head is known", () => blocks.last === 7);
    expect(questions).to.equal(3);
    closing.abort();
    await blocks.close();
  });
});
