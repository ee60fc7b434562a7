import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import { type Fid, type Hash, ZERO_FRAGMENT_HASH } from "../../src/model/hash.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import { type NodeAddress, NodeFailure, type Nodes } from "../../src/network/nodes/nodes.js";

/** What a proof of the Nodes port needs: the implementation, and a storage node of which it can be sure. */
export interface NodesHarness {
  readonly nodes: Nodes;
  /** A storage node that is up. */
  readonly node: NodeAddress;
  /** An address at which nobody answers. */
  readonly nobody: NodeAddress;
  /** Orders a file of one segment with these fragments (index 0…11); the node accepts them from now on. */
  order(fragments: readonly Hash[]): Fid;
  close(): Promise<void>;
}

export const sha256 = (bytes: Uint8Array): Hash => createHash("sha256").update(bytes).digest("hex") as Hash;

/** Twelve fragments of which the first has the given hash and nobody has the others. */
export const withOthers = (first: Hash): Hash[] => [first, ...Array.from({ length: 11 }, () => sha256(randomBytes(8)))];

export async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it was expected to fail");
}

export async function expectFailure(work: Promise<unknown>, kind: NodeFailure["kind"]): Promise<NodeFailure> {
  const error = await failure(work);
  expect(error).to.be.instanceOf(NodeFailure);
  expect((error as NodeFailure).kind).to.equal(kind);
  return error as NodeFailure;
}

/** The contract of the Nodes port. */
export function nodesContract(title: string, make: () => Promise<NodesHarness>): void {
  describe(`${title} keeps the contract of the Nodes port`, () => {
    const bytes = new Uint8Array(randomBytes(FRAGMENT_SIZE));
    const hash = sha256(bytes);
    let harness: NodesHarness;

    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    it("gives back the fragment it has put", async () => {
      const fid = harness.order(withOthers(hash));
      await harness.nodes.put(harness.node, { fid, hash }, bytes);
      const back = await harness.nodes.get(harness.node, { fid, hash });
      expect(Buffer.from(back).equals(bytes)).to.equal(true);
    });

    it("gives bytes that own their memory, so that they can be given away to a worker", async () => {
      const fid = harness.order(withOthers(hash));
      await harness.nodes.put(harness.node, { fid, hash }, bytes);
      const back = await harness.nodes.get(harness.node, { fid, hash });
      expect(back.byteOffset).to.equal(0);
      expect(back.buffer.byteLength).to.equal(FRAGMENT_SIZE);
    });

    it("can put the same fragment again, one after another and at the same time", async () => {
      const fid = harness.order(withOthers(hash));
      await Promise.all([1, 2, 3].map(() => harness.nodes.put(harness.node, { fid, hash }, bytes)));
      await harness.nodes.put(harness.node, { fid, hash }, bytes);
      const back = await harness.nodes.get(harness.node, { fid, hash });
      expect(sha256(back)).to.equal(hash);
    });

    it("leaves the caller's bytes as they were", async () => {
      const fid = harness.order(withOthers(hash));
      await harness.nodes.put(harness.node, { fid, hash }, bytes);
      expect(sha256(bytes)).to.equal(hash);
    });

    it("puts and gets the fragment of zeros", async () => {
      const fid = harness.order(withOthers(ZERO_FRAGMENT_HASH));
      await harness.nodes.put(harness.node, { fid, hash: ZERO_FRAGMENT_HASH }, new Uint8Array(FRAGMENT_SIZE));
      const back = await harness.nodes.get(harness.node, { fid, hash: ZERO_FRAGMENT_HASH });
      expect(sha256(back)).to.equal(ZERO_FRAGMENT_HASH);
    });

    it("gives any range of a fragment, in bytes that own their memory", async () => {
      const fid = harness.order(withOthers(hash));
      await harness.nodes.put(harness.node, { fid, hash }, bytes);
      for (const [start, end] of [
        [0, 1],
        [0, FRAGMENT_SIZE],
        [FRAGMENT_SIZE - 1, FRAGMENT_SIZE],
        [1_000_000, 1_010_240],
      ] as const) {
        const part = await harness.nodes.getRange(harness.node, { fid, hash }, { start, end });
        expect(Buffer.compare(part, bytes.subarray(start, end)), `${start} to ${end}`).to.equal(0);
        expect(part.buffer.byteLength).to.equal(end - start);
      }
    });

    it("refuses ranges that no fragment has", async () => {
      const fid = harness.order(withOthers(hash));
      for (const [start, end] of [
        [-1, 5],
        [5, 5],
        [FRAGMENT_SIZE - 1, FRAGMENT_SIZE + 1],
      ] as const)
        expect(await failure(harness.nodes.getRange(harness.node, { fid, hash }, { start, end }))).instanceOf(
          RangeError,
        );
    });

    it("fails for a range as for the fragment", async () => {
      const range = { start: 10, end: 20 };
      const fid = harness.order(withOthers(sha256(randomBytes(8))));
      await expectFailure(harness.nodes.getRange(harness.node, { fid, hash }, range), "missing");
      await expectFailure(harness.nodes.getRange(harness.nobody, { fid, hash }, range), "unreachable");
      const reason = new Error("the caller has changed its mind");
      const aborted = harness.nodes.getRange(harness.node, { fid, hash }, range, AbortSignal.abort(reason));
      expect(await failure(aborted)).to.equal(reason);
    });

    it("says `missing` of a fragment the node does not hold", async () => {
      const fid = harness.order(withOthers(sha256(randomBytes(8))));
      await expectFailure(harness.nodes.get(harness.node, { fid, hash }), "missing");
    });

    it("says `refused`, in the node's words, of a fragment that no deal is about", async () => {
      const fid = sha256(randomBytes(8)) as Fid;
      const error = await expectFailure(harness.nodes.put(harness.node, { fid, hash }, bytes), "refused");
      expect(error.message).to.contain("deal");
    });

    it("says `refused` of bytes that have another hash than was said, and the node keeps nothing of them", async () => {
      const wrong = sha256(randomBytes(8));
      const fid = harness.order(withOthers(wrong));
      await expectFailure(harness.nodes.put(harness.node, { fid, hash: wrong }, bytes), "refused");
      await expectFailure(harness.nodes.get(harness.node, { fid, hash: wrong }), "missing");
    });

    it("says `unreachable` where nobody answers", async () => {
      const fid = harness.order(withOthers(hash));
      await expectFailure(harness.nodes.put(harness.nobody, { fid, hash }, bytes), "unreachable");
    });

    it("rejects with the signal's reason, before and during a transfer", async () => {
      const fid = harness.order(withOthers(hash));
      const reason = new Error("the caller has changed its mind");
      expect(await failure(harness.nodes.get(harness.node, { fid, hash }, AbortSignal.abort(reason)))).to.equal(reason);
      const controller = new AbortController();
      const work = failure(harness.nodes.put(harness.node, { fid, hash }, bytes, controller.signal));
      setTimeout(() => controller.abort(reason), 1);
      expect(await work).to.equal(reason);
    });

    it("carries several transfers at a time", async () => {
      const fragments = Array.from({ length: 6 }, () => new Uint8Array(randomBytes(FRAGMENT_SIZE)));
      const hashes = fragments.map(sha256);
      const fid = harness.order([...hashes, ...hashes.map(() => sha256(randomBytes(8)))]);
      await Promise.all(fragments.map((each, i) => harness.nodes.put(harness.node, { fid, hash: hashes[i]! }, each)));
      const back = await Promise.all(hashes.map((each) => harness.nodes.get(harness.node, { fid, hash: each })));
      expect(back.map(sha256)).to.deep.equal(hashes);
    });
  });
}
