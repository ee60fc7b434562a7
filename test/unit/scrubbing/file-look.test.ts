import { expect } from "chai";
import type { Failing } from "../../../src/catalog/catalog.js";
import type { CessAccount } from "../../../src/model/account.js";
import { type Fid, type Hash, ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import type { ChainFile, ChainNode } from "../../../src/network/chain/chain.js";
import type { RegisteredNode } from "../../../src/network/nodes/node-registry.js";
import { type NodeAddress, NodeFailure } from "../../../src/network/nodes/nodes.js";
import { WrongBytes } from "../../../src/retrieval/node-fetcher.js";
import { FileLooks } from "../../../src/scrubbing/file-look.js";
import { ManualClock } from "../../support/manual-clock.js";

const RESTORAL_MS = 1_000_000;
const fid = "f".repeat(64) as Fid;
const account = (n: number) => `c${n}` as CessAccount;
const hashOf = (segment: number, n: number) => `${segment}-${n}` as Hash;

describe("A look at a stored file", () => {
  let clock: ManualClock;
  let nodes: Map<string, RegisteredNode>;
  let file: ChainFile | undefined;
  let silent: Failing[];
  let failing: Failing[];
  let answers: Map<string, NodeFailure["kind"] | "wrong">;
  let asked: { readonly node: string; readonly hash: Hash; readonly whole: boolean }[];
  let pausedAt: number;

  beforeEach(() => {
    clock = new ManualClock();
    const register = Array.from({ length: 14 }, (_, n) => registered(n));
    nodes = new Map(register.map((node) => [node.account as string, node]));
    file = listed();
    [silent, failing, asked] = [[], [], []];
    answers = new Map();
    pausedAt = -Infinity;
  });

  const registered = (n: number, state: ChainNode["state"] = "positive"): RegisteredNode => ({
    account: account(n),
    endpoint: `http://node${n}.example`,
    state,
    idleSpace: 1n,
    quality: 1,
  });
  const listed = (segments = 2): ChainFile => ({
    fid,
    size: 1,
    owners: [],
    segments: Array.from({ length: segments }, (_, s) => ({
      hash: `${s}` as Hash,
      fragments: Array.from({ length: 12 }, (_, n) => ({ hash: hashOf(s, n), node: account(n) })),
    })),
  });
  const look = (whole = false, signal = new AbortController().signal) => {
    const answer = (node: NodeAddress, hash: Hash, isWhole: boolean, bytes: number) => {
      asked.push({ node: node.account, hash, whole: isWhole });
      const what = answers.get(node.account);
      if (what === "wrong") return Promise.reject(new WrongBytes(node));
      if (what !== undefined) return Promise.reject(new NodeFailure(what, node, "scripted"));
      return Promise.resolve(new Uint8Array(bytes));
    };
    const looks = new FileLooks(
      {
        catalog: {
          checks: {
            failingNodes: () => Promise.resolve(silent),
            failing: () => Promise.resolve(failing),
          } as never,
        },
        chain: { file: () => Promise.resolve(file) },
        registry: { nodes: () => Promise.resolve([...nodes.values()]) },
        fetcher: {
          fetch: (node, { hash }) => answer(node, hash, true, 5_000),
          fetchRange: (node, { hash }, { start, end }) => answer(node, hash, false, end - start),
        },
        clock,
        random: () => 0.5,
        pauses: { since: (time) => pausedAt >= time },
      },
      { restoralMs: RESTORAL_MS },
    );
    return looks.look({ file: "1", fid }, whole, signal);
  };
  const failed = (n: number, samples: number, ageMs: number): Failing => ({
    node: account(n),
    since: clock.now() - ageMs,
    samples,
    lastAt: clock.now(),
  });

  it("asks each node for some bytes of one of its fragments, and one of them for a whole one within the budget", async () => {
    expect(await look()).to.deep.include({ redundancy: 12, kept: 12, failed: [] });
    expect(asked.map(({ node }) => node)).to.have.members(Array.from({ length: 12 }, (_, n) => account(n)));
    expect(asked.filter(({ whole }) => whole)).to.have.length(0);
    asked = [];
    await look(true);
    expect(asked.filter(({ whole }) => whole)).to.have.length(1);
  });

  it("counts what is not given as gone at once, and as lost only after several samples over the time for restoral", async () => {
    answers.set(account(1), "unreachable").set(account(2), "missing").set(account(3), "wrong");
    expect(await look()).to.deep.include({ redundancy: 9, kept: 12, failed: [1, 2, 3].map(account) });
    failing = [failed(1, 2, 2 * RESTORAL_MS), failed(2, 9, RESTORAL_MS / 2), failed(3, 3, RESTORAL_MS)];
    expect(await look()).to.deep.include({ redundancy: 9, kept: 11 });
    answers.clear();
    expect(await look(), "it has come back").to.deep.include({ redundancy: 12, kept: 12 });
  });

  it("does not ask nodes that do not answer at all, and counts them likewise", async () => {
    silent = [failed(0, 1, 0), failed(1, 3, RESTORAL_MS)];
    expect(await look()).to.deep.include({ redundancy: 10, kept: 11, failed: [] });
    expect(asked).to.have.length(10);
  });

  it("believes the chain that a node has left, is leaving, or is to be replaced", async () => {
    nodes.delete(account(0));
    for (const [n, state] of (["exit", "lock", "offline", "frozen"] as const).entries())
      nodes.set(account(n + 1), registered(n + 1, state));
    const [first, second] = file!.segments;
    file = {
      ...file!,
      segments: [
        first!,
        {
          ...second!,
          fragments: second!.fragments.map((fragment, n) => (n === 11 ? { ...fragment, lost: true } : fragment)),
        },
      ],
    };
    expect(await look(), "a frozen node has to keep what it has").to.deep.include({ redundancy: 7, kept: 7 });
  });

  it("says nothing when the process stood still, or when no node answers: that is this gateway's trouble", async () => {
    answers.set(account(1), "unreachable");
    pausedAt = clock.now();
    expect(await look()).to.equal(undefined);
    pausedAt = -Infinity;
    for (let n = 0; n < 12; n++) answers.set(account(n), "unreachable");
    expect(await look()).to.equal(undefined);
  });

  it("holds nothing against a node that could not be asked, or gives whole fragments only", async () => {
    answers.set(account(1), "busy").set(account(2), "no-ranges");
    expect(await look()).to.deep.include({ redundancy: 12, failed: [] });
    expect((await look())?.answered)
      .to.include(account(2))
      .and.not.to.include(account(1));
  });

  it("asks nobody for the fragment of zeros", async () => {
    const { segments } = listed(1);
    file = {
      ...file!,
      segments: segments.map((segment) => ({
        ...segment,
        fragments: segment.fragments.map((each, n) => (n < 3 ? { ...each, hash: ZERO_FRAGMENT_HASH } : each)),
      })),
    };
    answers.set(account(0), "missing");
    expect(await look()).to.deep.include({ redundancy: 12 });
    expect(asked).to.have.length(9);
  });

  it("tells that the chain lists no such file", async () => {
    file = undefined;
    expect(await look()).to.deep.include({ file: undefined, redundancy: 0, kept: 0 });
  });
});
