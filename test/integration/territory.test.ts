import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CommandError } from "../../src/cli/command-error.js";
import { runAuthorize, runRevoke } from "../../src/cli/commands/authorize.js";
import { runBalance } from "../../src/cli/commands/balance.js";
import { runBuy } from "../../src/cli/commands/territory-buy.js";
import { runExpand } from "../../src/cli/commands/territory-expand.js";
import { runList } from "../../src/cli/commands/territory-list.js";
import { runMove } from "../../src/cli/commands/territory-move.js";
import { runPrice } from "../../src/cli/commands/territory-price.js";
import { runReactivate } from "../../src/cli/commands/territory-reactivate.js";
import { runRenew } from "../../src/cli/commands/territory-renew.js";
import { SPECS } from "../../src/devnet/chain/cess-types.js";
import { startDevChain, type DevChain } from "../../src/devnet/chain/dev-chain.js";
import type { Fid } from "../../src/model/hash.js";
import { CHARGED_PER_SEGMENT } from "../../src/model/sizes.js";
import { signerFromMnemonic, type Signer } from "../../src/network/chain/accounts.js";
import { CessChain } from "../../src/network/chain/chain-client.js";
import { ExtrinsicLost } from "../../src/network/chain/chain.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { NodeReporter } from "../../src/network/chain/node-reporter.js";
import { NoWalletCall, WalletCalls } from "../../src/network/chain/wallet-calls.js";
import { cessS3 } from "../support/command.js";
import { walletSignature } from "../support/wallet-signature.js";

const TOKEN = 10n ** 18n;
/** Short days: a territory lasts 150 blocks and more, and stays frozen for 35. */
const DAY_BLOCKS = 5;
const hashOf = (n: number) => n.toString(16).padStart(64, "0") as Fid;

/** 3 tokens buy a GiB for 30 days at spec 100, for one day since 133. */
for (const spec of SPECS)
  describe(`The commands of a territory's owner at spec ${spec}`, function () {
    this.timeout(120_000);
    let folder: string;
    let chain: DevChain;
    let session: ChainSession;
    let owner: Signer;
    let gateway: CessChain;
    let nodes: NodeReporter[];
    let builder: NodeJS.Timeout;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "territory-"));
      owner = await signerFromMnemonic("//Owner");
      const poor = await signerFromMnemonic("//Poor");
      const operator = await signerFromMnemonic("//Gateway");
      const miners = await Promise.all(Array.from({ length: 12 }, (_, n) => signerFromMnemonic(`//Miner${n}`)));
      const rich = [owner, operator, ...miners].map(({ account }) => [account, 1_000_000n * TOKEN]);
      const balances = { ...(Object.fromEntries(rich) as Record<string, bigint>), [poor.account]: 5n * TOKEN };
      chain = await startDevChain(
        {},
        {
          folder: join(folder, "chain"),
          port: 0,
          blockMs: 3_600_000,
          dayBlocks: DAY_BLOCKS,
          spec,
          genesis: { balances, unitPrice: 3n * TOKEN },
        },
      );
      // Blocks come only for extrinsics: no territory ends because a machine is slow. The second makes the first final.
      builder = setInterval(() => {
        const { pool, state } = chain.chain;
        if ([...pool.ready(state)].length > 0) for (let block = 0; block < 2; block++) chain.chain.build();
      }, 20);
      for (const name of ["Owner", "Poor"]) await writeFile(join(folder, name), `//${name}\n`);
      session = new ChainSession({ endpoints: [chain.endpoint] });
      gateway = new CessChain({ session, signer: operator });
      nodes = miners.map((signer) => new NodeReporter({ session, signer }));
      await Promise.all(nodes.map((node) => node.register({ endpoint: "http://127.0.0.1:1", spaceTib: 1 })));
    });
    after(async () => {
      for (const node of nodes) await node.close();
      await gateway.close();
      await session.close();
      clearInterval(builder);
      await chain.close();
      await rm(folder, { recursive: true });
    });

    const wallet = (name = "Owner") => ({ chain: chain.endpoint, mnemonicFile: join(folder, name) });
    const signing = (name?: string) => ({ ...wallet(name), yes: true });

    /** What a command prints. */
    async function said(command: () => Promise<void>): Promise<string> {
      const lines: string[] = [];
      const { log, error } = console;
      console.log = console.error = (line: string) => void lines.push(line);
      try {
        await command();
      } finally {
        Object.assign(console, { log, error });
      }
      return lines.join("\n");
    }
    async function refusal(command: () => Promise<void>): Promise<string> {
      let thrown: unknown;
      await said(command).catch((error: unknown) => (thrown = error));
      expect(thrown).to.be.instanceOf(CommandError);
      return (thrown as CommandError).message;
    }
    interface Listed {
      readonly name: string;
      readonly state: string;
      readonly totalBytes: number;
      readonly usedBytes: number;
      readonly endBlock: number;
    }
    async function list(): Promise<Listed[]> {
      const text = await said(() => runList(undefined, { ...wallet(), json: true }));
      return (JSON.parse(text) as { territories: Listed[] }).territories;
    }
    const territory = async (name: string) => (await list()).find((each) => each.name === name);

    it("show the price by the rule of the runtime", async () => {
      const text = await said(() => runPrice({ chain: chain.endpoint, gib: "10", days: "30" }));
      expect(text).to.match(spec === 100 ? /10 GiB for 30 days +30 TCESS/ : /10 GiB for 30 days +900 TCESS/);
    });

    // The program itself, of which the shapes of the chain are no part.
    const atNewest = spec === 136 ? it : undefined;
    atNewest?.("sign nothing where nobody answers, and tell what they would have done", async () => {
      const args = ["territory", "buy", "photos", "--gib", "10", "--days", "30", "--chain", chain.endpoint];
      const { code, stdout, stderr } = await cessS3([...args, "--mnemonic-file", join(folder, "Owner")]);
      expect(code).to.equal(1);
      expect(stdout).to.contain("buy the territory photos: 10 GiB for 30 days").and.contain("price").and.contain("fee");
      expect(stderr).to.contain("nothing was signed").and.contain("--yes").and.not.contain("    at ");
      expect(await list()).to.deep.equal([]);
    });

    it("buy, and say what is on the chain then", async () => {
      const text = await said(() => runBuy("photos", { ...signing(), gib: "10", days: "30" }));
      expect(text).to.contain(`done, for ${spec === 100 ? "30" : "900"} TCESS: photos is active`);
      expect(await territory("photos")).to.include({ state: "active", totalBytes: 10 * 1024 ** 3 });
      expect(await refusal(() => runBuy("photos", { ...signing(), gib: "1", days: "30" }))).to.contain("already");
    });

    it("refuse what the chain would refuse, before a fee is paid", async () => {
      const buy = (name: string, gib: string, days: string, who?: string) => () =>
        runBuy(name, { ...signing(who), gib, days });
      expect(await refusal(buy("short", "1", "29"))).to.contain("30 days at least");
      expect(await refusal(buy("large", "100", "30", "Poor")))
        .to.contain("has 5 TCESS")
        .and.contain("this needs");
      expect(await refusal(buy("huge", "20000", "30"))).to.contain("for sale");
      expect(await refusal(buy("x".repeat(64), "1", "30"))).to.contain("1 to 63 bytes");
      expect(await refusal(buy("none", "0", "30"))).to.contain("--gib must be a whole number");
      const absent = () => runRenew("nowhere", { ...signing(), days: "30" });
      expect(await refusal(absent)).to.contain("no territory named nowhere: it has photos");
      const early = () => runReactivate("photos", { ...signing(), days: "30" });
      expect(await refusal(early)).to.contain("only an expired one");
    });

    it("expand until the end, and renew", async () => {
      const before = await territory("photos");
      await said(() => runExpand("photos", { ...signing(), gib: "2" }));
      await said(() => runRenew("photos", { ...signing(), days: "100" }));
      const after = await territory("photos");
      expect((after?.totalBytes ?? 0) - (before?.totalBytes ?? 0)).to.equal(2 * 1024 ** 3);
      expect((after?.endBlock ?? 0) - (before?.endBlock ?? 0)).to.equal(100 * DAY_BLOCKS);
    });

    it("authorize a gateway and take that back, and refuse what changes nothing", async () => {
      const { account } = gateway;
      expect(await refusal(() => runRevoke(account, signing()))).to.contain("nothing would change");
      expect(await refusal(() => runAuthorize(owner.account, signing()))).to.contain("nothing would change");
      expect(await refusal(() => runAuthorize("cXnobody", signing()))).to.contain("is no CESS account");
      expect(await said(() => runAuthorize(account, signing()))).to.contain(`it has authorized ${account}`);
      expect(await refusal(() => runAuthorize(account, signing()))).to.contain("already");
      expect(await said(() => runRevoke(account, signing()))).to.contain("authorized nobody");
      await said(() => runAuthorize(account, signing()));
    });

    it("show balances, also of others and without a key", async () => {
      expect(await said(() => runBalance(undefined, wallet("Poor")))).to.match(/free +5 TCESS/);
      const stranger = (await signerFromMnemonic("//Stranger")).account;
      expect(await said(() => runBalance(stranger, { chain: chain.endpoint }))).to.match(/free +0 TCESS/);
      expect(await refusal(() => runBalance(undefined, { chain: chain.endpoint }))).to.contain("--mnemonic-file");
    });

    it("print a call for a wallet that is elsewhere, as a link and as hex", async () => {
      const options = { chain: chain.endpoint, account: owner.account, print: true, days: "30" };
      const text = await said(() => runRenew("photos", options));
      const [, hex = ""] = /#\/extrinsics\/decode\/(0x[0-9a-f]+)/.exec(text) ?? [];
      // Pallet 107, call 2, the name after its length, and the days.
      expect(hex).to.equal(`0x6b0218${Buffer.from("photos").toString("hex")}1e000000`);
      expect(text).to.contain(encodeURIComponent(chain.endpoint)).and.contain("renewalTerritory");
    });

    it("are signed by a wallet elsewhere, and passed on as it signed them", async () => {
      const wallets = new WalletCalls(session);
      const call = { kind: "renew", territory: "photos", days: 30 } as const;
      const before = await territory("photos");
      const payload = await wallets.payload([call], owner.account);
      const signature = await walletSignature(session, owner, payload);
      const gib = BigInt((before?.totalBytes ?? 0) / 1024 ** 3);
      expect(await wallets.submit(payload, signature)).to.deep.equal({
        paid: (spec === 100 ? 3n : 90n) * gib * TOKEN,
        refused: [],
      });
      expect((await territory("photos"))?.endBlock).to.equal((before?.endBlock ?? 0) + 30 * DAY_BLOCKS);
      // A second time its nonce is used.
      const lost = (error: unknown) => error;
      expect(await wallets.submit(payload, signature).catch(lost)).to.be.instanceOf(ExtrinsicLost);
      const other = await wallets.payload([{ ...call, days: 31 }], owner.account);
      expect(await wallets.submit(other, signature).catch(lost)).to.be.instanceOf(ExtrinsicLost);
      const transfer = { ...other, method: "0x0a0000" } as const;
      expect(await wallets.submit(transfer, signature).catch(lost)).to.be.instanceOf(NoWalletCall);
      // Nor in a batch.
      const method = await session.connection.call(({ api }) => {
        const calls = [api.createType("Call", payload.method), api.tx["oss"]?.["destroy"]?.().method];
        const batch = api.tx["utility"]?.["forceBatch"]?.(calls);
        return Promise.resolve(batch?.method.toHex() ?? "0x");
      });
      const mixed = await wallets.submit({ ...other, method }, signature).catch(lost);
      expect(mixed).to.be.instanceOf(NoWalletCall).and.have.property("message").that.contains("oss.destroy");
      const foreign = { ...other, genesisHash: `0x${"00".repeat(32)}` } as const;
      expect(await wallets.submit(foreign, signature).catch(lost)).to.be.instanceOf(NoWalletCall);
      expect((await territory("photos"))?.endBlock).to.equal((before?.endBlock ?? 0) + 30 * DAY_BLOCKS);
    });

    it("buy for another account, by an order that is looked at before it is paid", async () => {
      const poor = (await signerFromMnemonic("//Poor")).account;
      const text = await said(() => runBuy("gift", { ...signing(), gib: "1", days: "30", for: poor }));
      expect(text).to.contain("done, for 90 TCESS: gift is active");
      if (spec === 100) expect(text).to.contain("dearer");
      const owned = await said(() => runList(poor, { chain: chain.endpoint }));
      expect(owned).to.contain("gift");
      const again = () => runBuy("gift", { ...signing(), gib: "1", days: "30", for: poor });
      expect(await refusal(again)).to.contain("already");
      expect(
        await refusal(() => runBuy("x", { ...signing(), gib: "1", days: "30", for: poor, print: true })),
      ).to.contain("--for");
    });

    it("move files to another territory without bytes, and leave out what is there already", async () => {
      await said(() => runBuy("archive", { ...signing(), gib: "1", days: "60" }));
      for (const n of [1, 2]) {
        const segments = [{ hash: hashOf(n), fragments: Array.from({ length: 12 }, (_, i) => hashOf(100 * n + i)) }];
        const order = { fid: hashOf(n), owner: owner.account, territory: "photos", fileName: `file${n}`, size: 1 };
        await gateway.declare({ ...order, segments }, {});
        await Promise.all(nodes.map((node, index) => node.report(index, hashOf(n))));
      }
      const move = (...fids: string[]) => runMove(fids, { ...signing(), from: "photos", to: "archive" });
      expect(await said(() => move(hashOf(1))))
        .to.contain("1 of 1 files are moved")
        .and.contain("keep the old name");
      const all = () => runMove([], { ...signing(), from: "photos", to: "archive", all: true });
      expect(await said(all))
        .to.contain("1 files are charged to archive already")
        .and.contain("1 of 1 files");
      expect(await said(all)).to.contain("nothing to move");
      expect((await territory("photos"))?.usedBytes).to.equal(0);
      expect((await territory("archive"))?.usedBytes).to.equal(2 * CHARGED_PER_SEGMENT);
      const back = await said(() => runMove([], { ...signing(), from: "archive", to: "photos", all: true }));
      process.exitCode = 0;
      expect(back).to.contain("its record still names photos");
      expect(await refusal(() => runMove([], { ...signing(), from: "photos", to: "archive" }))).to.contain("--all");
    });

    it("renew what is frozen, and reactivate what has expired", async () => {
      await said(() => runBuy("brief", { ...signing(), gib: "1", days: "30" }));
      const until = async (state: string) => {
        while ((await territory("brief"))?.state !== state)
          for (let block = 0; block < 10; block++) chain.chain.build();
      };
      await until("frozen");
      expect(await refusal(() => runExpand("brief", { ...signing(), gib: "1" }))).to.contain("frozen");
      expect(await said(() => runRenew("brief", { ...signing(), days: "30" }))).to.contain("brief is active");
      await until("frozen");
      await until("expired");
      expect(await refusal(() => runRenew("brief", { ...signing(), days: "30" }))).to.contain("reactivate");
      const back = await said(() => runReactivate("brief", { ...signing(), days: "300" }));
      expect(back).to.contain("brief is active");
      if (spec === 100) expect(back).to.contain("no free space").and.contain("has 0 B of 1.0 GiB left");
    });
  });
