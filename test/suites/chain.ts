import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import type { CessAccount } from "../../src/model/account.js";
import type { SegmentHashes } from "../../src/model/file.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { CHARGED_PER_SEGMENT, FRAGMENTS, GIB } from "../../src/model/sizes.js";
import {
  type Chain,
  type ChainEvent,
  ChainRefusal,
  type DealOrder,
  type SignedExtrinsic,
} from "../../src/network/chain/chain.js";
import type { NodeChain } from "../../src/network/chain/node-chain.js";
import { eventually } from "../support/eventually.js";

/** A network as the contract wants it: everything below is there and on chain when `open` resolves. */
export interface ChainFixture {
  readonly chain: Chain;
  /** Has authorized `chain.account` and holds `territory`, active, of `territoryGib` GiB, nothing in it. */
  readonly owner: CessAccount;
  readonly territory: string;
  readonly territoryGib: number;
  /** Exists, but has authorized nobody. */
  readonly stranger: CessAccount;
  /** At least 13 registered storage nodes, positive, with idle space; all of the network's. */
  readonly nodes: readonly NodeChain[];
  close(): Promise<void>;
}

const hash = (): Hash => randomBytes(32).toString("hex") as Hash;
const fid = (): Fid => randomBytes(32).toString("hex") as Fid;
const segment = (): SegmentHashes => ({ hash: hash(), fragments: Array.from({ length: FRAGMENTS }, hash) });

export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("it was expected to reject"),
    (error: unknown) => error as Error,
  );
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise);
  if (!(error instanceof ChainRefusal)) throw error;
  return `${error.section}.${error.reason}`;
}

/** An order of a file nobody else has, for this fixture's owner. */
export function freshOrder({ owner, territory }: Pick<ChainFixture, "owner" | "territory">, segments = 1): DealOrder {
  const list = Array.from({ length: segments }, segment);
  return { fid: fid(), owner, territory, fileName: "opaque", size: segments * 1000, segments: list };
}

/** What every implementation of the port must do. */
export function describeChain(name: string, open: () => Promise<ChainFixture>): void {
  describe(`${name} as a Chain`, () => {
    let fixture: ChainFixture;
    let chain: Chain;
    before(async () => {
      fixture = await open();
      chain = fixture.chain;
    });
    after(() => fixture.close());

    const territory = async () => (await chain.territory(fixture.owner, fixture.territory))!;
    const node = (index: number): NodeChain => fixture.nodes[index]!;
    const reportAll = (file: Fid, first = 0, last = FRAGMENTS - 1) =>
      Promise.all(Array.from({ length: last - first + 1 }, (_, n) => node(first + n).report(first + n, file)));
    const store = async (order: DealOrder) => {
      await chain.declare(order, {});
      await reportAll(order.fid);
    };

    describe("reading", () => {
      it("is connected", () => {
        expect(chain.connected).to.equal(true);
      });

      it("knows a territory, in bytes", async () => {
        const { total, used, locked, remaining, state, deadline } = await territory();
        expect(total).to.equal(BigInt(fixture.territoryGib * GIB));
        expect(used + locked + remaining).to.equal(total);
        expect(state).to.equal("active");
        expect(deadline).to.be.greaterThan(await chain.finalizedBlock());
      });

      it("has nothing where there is nothing", async () => {
        expect(await chain.file(fid())).to.equal(undefined);
        expect(await chain.file(fid(), "finalized")).to.equal(undefined);
        expect(await chain.deal(fid())).to.equal(undefined);
        expect(await chain.territory(fixture.owner, "no such territory")).to.equal(undefined);
        expect(await chain.territory(fixture.stranger, fixture.territory)).to.equal(undefined);
      });

      it("knows who has authorized the gateway, and that nobody needs leave for himself", async () => {
        expect(await chain.authorized(fixture.owner)).to.equal(true);
        expect(await chain.authorized(fixture.stranger)).to.equal(false);
        expect(await chain.authorized(chain.account)).to.equal(true);
      });

      it("lists every storage node with endpoint, state and space", async () => {
        const nodes = await chain.nodes();
        expect(new Set(nodes.map(({ account }) => account))).to.deep.equal(
          new Set(fixture.nodes.map(({ account }) => account)),
        );
        expect(nodes).to.have.length(fixture.nodes.length);
        for (const { endpoint, state, idleSpace } of nodes) {
          expect(endpoint).to.match(/^http:\/\/[^\0]+$/);
          expect(state).to.equal("positive");
          expect(idleSpace > 0n).to.equal(true);
        }
        const one = nodes.find(({ account }) => account === node(0).account);
        expect(await node(0).state()).to.deep.equal(one);
      });

      it("counts finalized blocks upwards", async () => {
        const before = await chain.finalizedBlock();
        const block = await chain.declare(freshOrder(fixture), {});
        expect(block, "the block that it is in").to.be.greaterThan(before);
        expect(await chain.finalizedBlock()).to.be.at.least(block);
      });
    });

    describe("a deal", () => {
      it("is there as declared, finalized, and locks 96 MiB for each segment", async () => {
        const before = await territory();
        const order = freshOrder(fixture, 2);
        await chain.declare(order, {});
        const expected = {
          fid: order.fid,
          owner: fixture.owner,
          territory: fixture.territory,
          fileName: order.fileName,
          size: order.size,
          segments: order.segments,
          reports: [],
        };
        expect(await chain.deal(order.fid, "finalized")).to.deep.equal(expected);
        expect(await chain.deal(order.fid)).to.deep.equal(expected);
        expect(await node(0).deal(order.fid)).to.deep.equal(expected);
        expect(await chain.file(order.fid)).to.equal(undefined);
        expect((await territory()).locked - before.locked).to.equal(BigInt(2 * CHARGED_PER_SEGMENT));
      });

      it("shows who reported which index, counted from 0", async () => {
        const order = freshOrder(fixture);
        await chain.declare(order, {});
        await node(4).report(0, order.fid);
        await node(2).report(11, order.fid);
        expect((await chain.deal(order.fid))?.reports).to.deep.equal([
          { index: 0, node: node(4).account },
          { index: 11, node: node(2).account },
        ]);
      });

      it("becomes a file with the twelfth report, each fragment with the node that reported its index", async () => {
        const before = await territory();
        const order = freshOrder(fixture, 2);
        const declared = await chain.declare(order, {});
        await reportAll(order.fid);
        expect(await chain.deal(order.fid, "finalized")).to.equal(undefined);
        const file = await chain.file(order.fid, "finalized");
        const { completed = 0 } = file ?? {};
        expect(completed)
          .to.be.greaterThan(declared)
          .and.at.most(await chain.finalizedBlock());
        expect(file).to.deep.equal({
          completed,
          fid: order.fid,
          size: order.size,
          owners: [{ account: fixture.owner, territory: fixture.territory, fileName: order.fileName }],
          segments: order.segments.map((segment) => ({
            hash: segment.hash,
            fragments: segment.fragments.map((fragment, index) => ({ hash: fragment, node: node(index).account })),
          })),
        });
        expect(await node(0).file(order.fid)).to.deep.equal(file);
        const now = await territory();
        expect(now.used - before.used).to.equal(BigInt(2 * CHARGED_PER_SEGMENT));
        expect(now.locked).to.equal(before.locked);
      });

      it("is in its owner's list once it is a file", async () => {
        const before = await chain.ownedFiles(fixture.owner);
        const orders = [freshOrder(fixture), freshOrder(fixture, 2)];
        for (const order of orders) await store(order);
        await chain.declare(freshOrder(fixture), {});
        const owned = (await chain.ownedFiles(fixture.owner)).filter((one) => !before.includes(one));
        expect(owned).to.have.members(orders.map((order) => order.fid));
        expect(await chain.ownedFiles(fixture.stranger)).to.deep.equal([]);
      });

      it("refuses an index twice and a node twice with fileBank.Existed", async () => {
        const order = freshOrder(fixture);
        await chain.declare(order, {});
        await node(0).report(3, order.fid);
        expect(await refusal(node(0).report(3, order.fid))).to.equal("fileBank.Existed");
        expect(await refusal(node(1).report(3, order.fid))).to.equal("fileBank.Existed");
        expect(await refusal(node(0).report(4, order.fid))).to.equal("fileBank.Existed");
      });

      it("refuses the report of a deal that is none, and no node sends an index outside 0…11", async () => {
        expect(await refusal(node(0).report(0, fid()))).to.equal("fileBank.NonExistent");
        expect(await rejection(node(0).report(12, fid()))).to.be.instanceOf(RangeError);
        expect(await rejection(node(0).report(-1, fid()))).to.be.instanceOf(RangeError);
      });

      it("is refused by name: no authority, no territory, no space", async () => {
        const order = freshOrder(fixture);
        expect(await refusal(chain.declare({ ...order, owner: fixture.stranger }, {}))).to.equal(
          "fileBank.NoPermission",
        );
        expect(await refusal(chain.declare({ ...order, territory: "none" }, {}))).to.equal(
          "storageHandler.NotHaveTerritory",
        );
        const tooLarge = freshOrder(fixture, Math.ceil((fixture.territoryGib * GIB) / CHARGED_PER_SEGMENT));
        expect(await refusal(chain.declare(tooLarge, {}))).to.equal("fileBank.InsufficientAvailableSpace");
        expect(await chain.deal(order.fid)).to.equal(undefined);
      });

      it("cannot be deleted while it is no file", async () => {
        const order = freshOrder(fixture);
        await chain.declare(order, {});
        expect(await refusal(chain.deleteFile(fixture.owner, order.fid, {}))).to.equal("fileBank.NonExistent");
      });
    });

    describe("deleting", () => {
      it("removes the file and gives the space back", async () => {
        const before = await territory();
        const order = freshOrder(fixture);
        await store(order);
        await chain.deleteFile(fixture.owner, order.fid, {});
        expect(await chain.file(order.fid)).to.equal(undefined);
        expect(await chain.file(order.fid, "finalized")).to.equal(undefined);
        expect((await territory()).used).to.equal(before.used);
      });

      it("is refused for an owner who has not authorized the gateway", async () => {
        const order = freshOrder(fixture);
        await store(order);
        expect(await refusal(chain.deleteFile(fixture.stranger, order.fid, {}))).to.equal("fileBank.NoPermission");
        expect((await chain.file(order.fid))?.owners).to.have.length(1);
      });
    });

    describe("submitting", () => {
      it("tells nonce and last block before sending, and knows when the extrinsic is settled", async () => {
        const signed: SignedExtrinsic[] = [];
        let settledBefore: boolean | undefined;
        let dealBefore: unknown = "not asked";
        const order = freshOrder(fixture);
        await chain.declare(order, {
          onSigned: async (extrinsic) => {
            signed.push(extrinsic);
            settledBefore = await chain.settled(extrinsic);
            dealBefore = await chain.deal(order.fid);
          },
        });
        expect(signed).to.have.length(1);
        expect(signed[0]!.untilBlock).to.be.greaterThan(await chain.finalizedBlock());
        expect(settledBefore).to.equal(false);
        expect(dealBefore).to.equal(undefined);
        expect(await chain.settled(signed[0]!)).to.equal(true);
      });

      it("calls an extrinsic settled once its era is over, though its nonce was never used", async () => {
        const untilBlock = await chain.finalizedBlock();
        expect(await chain.settled({ nonce: 1_000_000, untilBlock })).to.equal(true);
        expect(await chain.settled({ nonce: 1_000_000, untilBlock: untilBlock + 100_000 })).to.equal(false);
      });

      it("sends nothing when onSigned fails, and uses the nonce for the next", async () => {
        const order = freshOrder(fixture);
        const failure = new Error("the catalog is full");
        const nonces: number[] = [];
        const failing = chain.declare(order, {
          onSigned: ({ nonce }) => {
            nonces.push(nonce);
            return Promise.reject(failure);
          },
        });
        expect(await rejection(failing)).to.equal(failure);
        await chain.declare(order, {
          onSigned: ({ nonce }) => {
            nonces.push(nonce);
            return Promise.resolve();
          },
        });
        expect(nonces[1]).to.equal(nonces[0]);
      });

      it("sends nothing when the signal aborted before", async () => {
        const order = freshOrder(fixture);
        const reason = new Error("the client is gone");
        expect(await rejection(chain.declare(order, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
        const stop = new AbortController();
        const onSigned = () => {
          stop.abort(reason);
          return Promise.resolve();
        };
        expect(await rejection(chain.declare(order, { signal: stop.signal, onSigned }))).to.equal(reason);
        await chain.declare(freshOrder(fixture), {});
        expect(await chain.deal(order.fid)).to.equal(undefined);
      });

      it("sends many at once from one account, tells each which nonce it went with, and refusals do not disturb the others", async () => {
        const orders = Array.from({ length: 20 }, () => freshOrder(fixture));
        const nonces: number[] = [];
        const outcomes = await Promise.all(
          orders.map((order, n) => {
            const bad = n % 5 === 4;
            const declared = chain.declare(bad ? { ...order, owner: fixture.stranger } : order, {
              onSigned: ({ nonce }) => Promise.resolve(void nonces.push(nonce)),
            });
            return bad ? refusal(declared) : declared;
          }),
        );
        expect(outcomes.filter((outcome) => outcome === "fileBank.NoPermission")).to.have.length(4);
        expect(nonces).to.have.length(20);
        await Promise.all(
          nonces.map(async (nonce) => expect(await chain.settled({ nonce, untilBlock: 2 ** 31 })).to.equal(true)),
        );
        const deals = await Promise.all(orders.map((order) => chain.deal(order.fid)));
        expect(deals.filter((deal) => deal !== undefined)).to.have.length(16);
      });
    });

    describe("signing", () => {
      it("makes sr25519 signatures that storage nodes verify", () => {
        const message = createHash("sha256").update("a fresh text").digest();
        const signature = chain.sign(message);
        expect(signature).to.have.length(64);
        expect(node(0).verify(chain.account, message, signature)).to.equal(true);
        expect(node(0).verify(node(1).account, message, signature)).to.equal(false);
        expect(chain.account).to.match(/^c/);
      });
    });

    describe("watching", () => {
      it("tells every deal event of finalized blocks, in order, and nothing after its end", async () => {
        const events: ChainEvent[] = [];
        const stop = chain.watch((event) => events.push(event));
        const order = freshOrder(fixture);
        const ours = () => events.filter((event) => event.kind !== "gap" && event.fid === order.fid);
        await store(order);
        await chain.deleteFile(fixture.owner, order.fid, {});
        await eventually("all events have come", () => ours().length >= 15);
        const kinds = ours().map(({ kind }) => kind);
        expect(kinds[0]).to.equal("declared");
        expect(kinds.filter((kind) => kind === "reported")).to.have.length(FRAGMENTS);
        expect(kinds.filter((kind) => kind === "stored")).to.have.length(1);
        expect(kinds.indexOf("stored")).to.be.greaterThan(kinds.lastIndexOf("declared"));
        expect(kinds.at(-1)).to.equal("deleted");
        const blocks = ours().map((event) => (event.kind === "gap" ? 0 : event.block));
        expect(blocks).to.deep.equal([...blocks].sort((a, b) => a - b));
        stop();
        const told = events.length;
        await chain.declare(freshOrder(fixture), {});
        expect(events).to.have.length(told);
      });
    });
  });
}
