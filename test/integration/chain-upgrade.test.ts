import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { WebSocket, WebSocketServer } from "ws";
import { type DevChain, startDevChain } from "../../src/devnet/chain/dev-chain.js";
import { type Signer, signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { ChainUnavailable } from "../../src/network/chain/chain.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { NodeReporter } from "../../src/network/chain/node-reporter.js";
import { eventually } from "../support/eventually.js";

interface Message {
  id?: number | string;
  method?: string;
  params?: { subscription?: string };
  result?: unknown;
}

/**
 * One node to its client, whose runtime is upgraded while the client stays connected: behind it stand two chains, of
 * the old and of the new shapes. Subscriptions are made again on the second under the names they had on the first.
 */
class UpgradingNode {
  private readonly server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  private client: WebSocket | undefined;
  private upstream: WebSocket | undefined;
  private readonly subscriptions = new Map<string, string>();
  private readonly asked = new Map<number | string, string>();

  static async start(target: string): Promise<UpgradingNode> {
    const node = new UpgradingNode();
    node.server.on("connection", (client) => {
      node.client = client;
      const upstream = new WebSocket(target);
      node.upstream = upstream;
      const early: string[] = [];
      client.on("message", (data) => {
        const text = (data as Buffer).toString();
        const { id, method } = JSON.parse(text) as Message;
        if (method?.includes("ubscribe") === true && !method.includes("unsub")) node.asked.set(id!, text);
        if (node.upstream?.readyState === WebSocket.OPEN) node.upstream.send(text);
        else early.push(text);
      });
      upstream.on("open", () => early.forEach((text) => upstream.send(text)));
      upstream.on("message", (data) => {
        const message = JSON.parse((data as Buffer).toString()) as Message;
        const request = message.id === undefined ? undefined : node.asked.get(message.id);
        if (request !== undefined && typeof message.result === "string")
          node.subscriptions.set(message.result, request);
        if (node.upstream === upstream) client.send((data as Buffer).toString());
      });
    });
    await once(node.server, "listening");
    return node;
  }

  get endpoint(): string {
    return `ws://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** From now on the client is answered by this other chain. */
  async upgrade(target: string): Promise<void> {
    const next = new WebSocket(target);
    await once(next, "open");
    this.upstream?.close();
    this.upstream = next;
    const names = new Map<string, string>();
    const pending = new Map<string, string>();
    next.on("message", (data) => {
      const message = JSON.parse((data as Buffer).toString()) as Message;
      const old = typeof message.id === "string" ? pending.get(message.id) : undefined;
      if (old !== undefined) return void names.set(String(message.result), old);
      const name = names.get(message.params?.subscription ?? "");
      if (name !== undefined) message.params!.subscription = name;
      this.client?.send(JSON.stringify(message));
    });
    for (const [name, request] of this.subscriptions) {
      const id = `again-${name}`;
      pending.set(id, name);
      next.send(JSON.stringify({ ...(JSON.parse(request) as Message), id }));
    }
  }

  async close(): Promise<void> {
    this.upstream?.close();
    this.client?.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe("A runtime upgrade while the client is connected", () => {
  let folder: string;
  let chains: DevChain[];
  let signer: Signer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "chain-upgrade-"));
    signer = await signerFromMnemonic("//Node");
    const genesis = { balances: { [signer.account]: 1_000_000n * 10n ** 18n } };
    chains = await Promise.all(
      ([100, 133] as const).map((spec) =>
        startDevChain({}, { folder: join(folder, String(spec)), port: 0, blockMs: 100, spec, genesis }),
      ),
    );
    for (const [n, chain] of chains.entries()) {
      const session = new ChainSession({ endpoints: [chain.endpoint] });
      const node = new NodeReporter({ session, signer });
      await node.register({ endpoint: `http://127.0.0.1:${9000 + n}`, spaceTib: 1 });
      await node.close();
      await session.close();
    }
  });
  after(async () => {
    for (const chain of chains) await chain.close();
    await rm(folder, { recursive: true });
  });

  it("changes the shapes that are read, without a new connection and without one wrong answer", async () => {
    const node = await UpgradingNode.start(chains[0]!.endpoint);
    const session = new ChainSession({ endpoints: [node.endpoint], callTimeoutMs: 60_000 });
    try {
      const links: unknown[] = [];
      session.connection.onLink((link) => links.push(link));
      const read = async () => (await session.reader.node(signer.account))?.endpoint;
      expect(await read()).to.equal("http://127.0.0.1:9000");
      await node.upgrade(chains[1]!.endpoint);
      const answers: unknown[] = [];
      await eventually("the new shapes are read", async () => {
        // Between the upgrade and the new metadata the bytes do not fit the shapes: that is said, not guessed at.
        answers.push(
          await read().catch((error: unknown) => (error instanceof ChainUnavailable ? "unavailable" : error)),
        );
        return answers.at(-1) === "http://127.0.0.1:9001";
      });
      expect([...new Set(answers)].filter((answer) => answer !== "unavailable")).to.deep.equal([
        "http://127.0.0.1:9001",
      ]);
      expect(links).to.have.length(1);
    } finally {
      await session.close();
      await node.close();
    }
  });
});
