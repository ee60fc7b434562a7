import { expect } from "chai";
import type { KeyringPair } from "@polkadot/keyring/types";
import { type Spec, SPECS } from "../../../src/devnet/chain/cess-types.js";
import { account, ChainClient, MIB, TOKEN, type Outcome, type Tx } from "./chain-client.js";

const owner = account("Owner");
const second = account("Second");
const stranger = account("Stranger");
const gateway = account("Gateway");
const miners = Array.from({ length: 13 }, (_, i) => account(`Miner${i}`));
const COLLATERAL = 4000n * TOKEN;

let files = 0;
/** A new hash of 64 hex digits. */
function newHash(): string {
  files += 1;
  return `0x${Buffer.from(files.toString(16).padStart(64, "0")).toString("hex")}`;
}

for (const spec of SPECS) {
  describe(`the dev chain's CESS rules at spec ${spec}`, () => {
    let chain: ChainClient;
    let fid: string;

    before(async () => {
      chain = await startedWithTerritories(spec);
    });
    after(() => chain.close());
    beforeEach(() => {
      fid = newHash();
    });

    const declare = (user: KeyringPair, hash = fid, settings: Declaration = {}): Tx =>
      declaration(chain, spec, user, hash, settings);
    const reportTx = (index: number, hash = fid): Tx => chain.api.tx.fileBank!.transferReport!(index, hash);
    const deleteTx = (user: KeyringPair, hash = fid): Tx => chain.api.tx.fileBank!.deleteFile!(user.address, hash);
    const territory = (user: KeyringPair, name = "main"): Promise<Space> => spaceOf(chain, user, name);
    const file = (hash = fid): Promise<{ owner: { user: string }[] } | null> =>
      chain.query("fileBank", "file", hash) as never;

    async function report(from: number, to: number, hash = fid): Promise<Outcome> {
      await Promise.all(range(from, to).map((index) => chain.submit(miners[index - 1]!, reportTx(index, hash))));
      return chain.outcome(chain.build(), to - from + 1);
    }

    async function stored(user = owner, hash = fid, settings: Declaration = {}): Promise<void> {
      expect((await chain.run(gateway, declare(user, hash, settings))).error).to.equal(undefined);
      expect((await report(1, 12, hash)).error).to.equal(undefined);
    }

    it("refuses a gateway that the owner has not authorized", async () => {
      expect((await chain.run(stranger, declare(owner))).error).to.equal("fileBank.NoPermission");
      expect((await chain.run(stranger, deleteTx(owner))).error).to.equal("fileBank.NoPermission");
    });

    it("refuses a territory that does not exist", async () => {
      expect((await chain.run(gateway, declare(owner, fid, { territory: "nowhere" }))).error).to.equal(
        "storageHandler.NotHaveTerritory",
      );
    });

    it("needs strictly more space than the file takes: 1 GiB holds ten segments, not eleven", async () => {
      expect((await chain.run(gateway, declare(owner, fid, { territory: "tiny", segments: 11 }))).error).to.equal(
        "fileBank.InsufficientAvailableSpace",
      );
      expect((await chain.run(gateway, declare(owner, fid, { territory: "tiny", segments: 10 }))).error).to.equal(
        undefined,
      );
      expect((await chain.run(gateway, declare(owner, newHash(), { territory: "tiny" }))).error).to.equal(
        "fileBank.InsufficientAvailableSpace",
      );
    });

    it("refuses a segment without twelve fragments, and a name shorter than three bytes", async () => {
      expect((await chain.run(gateway, declare(owner, fid, { fragments: 11 }))).error).to.equal("fileBank.SpecError");
      expect((await chain.run(gateway, declare(owner, fid, { fileName: "ab" }))).error).to.equal("fileBank.SpecError");
    });

    it("turns a deal into a file with the twelfth report, and locked space into used space", async () => {
      const before = await territory(owner);
      expect(await chain.run(gateway, declare(owner))).to.deep.equal({
        error: undefined,
        events: ["fileBank.UploadDeclaration"],
      });
      expect(difference(before, await territory(owner))).to.deep.equal({
        used: 0n,
        locked: 96n * MIB,
        remaining: -96n * MIB,
      });
      expect((await report(1, 11)).events).to.deep.equal(["fileBank.TransferReport"]);
      expect(await chain.query("fileBank", "dealMap", fid))
        .to.have.property("completeList")
        .with.length(11);
      const last = await report(12, 12);
      expect(last.events.filter((name) => name.startsWith("fileBank"))).to.deep.equal([
        "fileBank.StorageCompleted",
        "fileBank.TransferReport",
      ]);
      expect(await chain.query("fileBank", "dealMap", fid)).to.equal(null);
      expect(await file()).to.deep.include({ stat: "Active" });
      expect(difference(before, await territory(owner))).to.deep.equal({
        used: 96n * MIB,
        locked: 0n,
        remaining: -96n * MIB,
      });
    });

    it("gives fragment i of every segment to the storage node that reported index i, in whatever order they came", async () => {
      await chain.run(gateway, declare(owner, fid, { segments: 2 }));
      for (const index of range(1, 12).reverse()) await chain.submit(miners[index - 1]!, reportTx(index));
      chain.build();
      const { segmentList } = (await file()) as unknown as { segmentList: { fragmentList: { miner: string }[] }[] };
      for (const { fragmentList } of segmentList) {
        expect(fragmentList.map(({ miner }) => miner)).to.deep.equal(miners.slice(0, 12).map(({ address }) => address));
      }
    });

    it("refuses the same index twice and the same storage node twice", async () => {
      await chain.run(gateway, declare(owner));
      await chain.run(miners[0]!, reportTx(1));
      expect((await chain.run(miners[1]!, reportTx(1))).error).to.equal("fileBank.Existed");
      expect((await chain.run(miners[0]!, reportTx(2))).error).to.equal("fileBank.Existed");
    });

    it("refuses index 0 and 13, a reporter that is no storage node, and a deal that is not there", async () => {
      expect((await chain.run(miners[0]!, reportTx(0))).error).to.equal("fileBank.SpecError");
      expect((await chain.run(miners[0]!, reportTx(13))).error).to.equal("fileBank.SpecError");
      expect((await chain.run(stranger, reportTx(1))).error).to.equal("sminer.NotMiner");
      expect((await chain.run(miners[0]!, reportTx(1))).error).to.equal("fileBank.NonExistent");
    });

    it("overwrites a pending deal that is declared again: reports forgotten, space locked a second time for ever", async () => {
      const before = await territory(owner);
      await chain.run(gateway, declare(owner));
      await report(1, 3);
      expect((await chain.run(gateway, declare(owner))).error).to.equal(undefined);
      expect(await chain.query("fileBank", "dealMap", fid))
        .to.have.property("completeList")
        .with.length(0);
      await report(1, 12);
      expect(difference(before, await territory(owner))).to.deep.equal({
        used: 96n * MIB,
        locked: 96n * MIB,
        remaining: -192n * MIB,
      });
    });

    it("adds a second owner of a stored file at once, and refuses the same again", async () => {
      await stored();
      const before = await territory(second);
      expect(await chain.run(gateway, declare(second))).to.deep.equal({
        error: undefined,
        events: ["fileBank.UploadDeclaration"],
      });
      const charged = (spec === 133 ? 96n : 48n) * MIB;
      expect(difference(before, await territory(second))).to.deep.equal({
        used: charged,
        locked: 0n,
        remaining: -charged,
      });
      expect((await file())?.owner.map(({ user }) => user)).to.deep.equal([owner.address, second.address]);
      expect((await chain.run(gateway, declare(second))).error).to.equal("fileBank.Existed");
    });

    it("lists an owner twice who declares a stored file again, at 133 only from another territory", async () => {
      await stored();
      const again = await chain.run(gateway, declare(owner));
      expect(again.error).to.equal(spec === 133 ? "fileBank.Existed" : undefined);
      if (spec === 133)
        expect((await chain.run(gateway, declare(owner, fid, { territory: "other" }))).error).to.equal(undefined);
      expect((await file())?.owner.map(({ user }) => user)).to.deep.equal([owner.address, owner.address]);
    });

    it("when an owner listed twice deletes, fails or leaves a file without an owner", async () => {
      const name = spec === 133 ? "other" : "double";
      await stored(owner, fid, { territory: spec === 133 ? "main" : "double" });
      await chain.run(gateway, declare(owner, fid, { territory: name }));
      const { error } = await chain.run(gateway, deleteTx(owner));
      if (spec !== 133) {
        // 96 + 48 MiB are charged there, 2 x 96 would be given back.
        expect(error).to.equal("storageHandler.Overflow");
        expect((await file())?.owner).to.have.length(2);
      } else {
        expect(error).to.equal(undefined);
        expect((await file())?.owner).to.have.length(0);
      }
    });

    it("removes only the owner who deletes, while another is left", async () => {
      await stored();
      await chain.run(gateway, declare(second));
      const before = await territory(owner);
      expect((await chain.run(gateway, deleteTx(owner))).events).to.deep.equal(["fileBank.DeleteFile"]);
      expect((await file())?.owner.map(({ user }) => user)).to.deep.equal([second.address]);
      expect(difference(before, await territory(owner))).to.deep.equal({
        used: -96n * MIB,
        locked: 0n,
        remaining: 96n * MIB,
      });
    });

    it("lets a second owner delete at 133, and else only one whose territory has other use", async () => {
      await stored();
      await chain.run(gateway, declare(second, fid, { territory: "empty" }));
      expect((await chain.run(gateway, deleteTx(second))).error).to.equal(
        spec === 133 ? undefined : "storageHandler.Overflow",
      );
    });

    it("removes the file with its last owner, and gives the space of owner and storage nodes back", async () => {
      await stored();
      const before = await territory(owner);
      const locked = (
        (await chain.query("sminer", "minerItems", miners[0]!.address)) as unknown as { lockSpace: string }
      ).lockSpace;
      expect((await chain.run(gateway, deleteTx(owner))).error).to.equal(undefined);
      expect(await file()).to.equal(null);
      expect(difference(before, await territory(owner))).to.deep.equal({
        used: -96n * MIB,
        locked: 0n,
        remaining: 96n * MIB,
      });
      const after = (
        (await chain.query("sminer", "minerItems", miners[0]!.address)) as unknown as { lockSpace: string }
      ).lockSpace;
      expect(BigInt(locked) - BigInt(after)).to.equal(8n * MIB);
    });

    it("can not delete a pending deal", async () => {
      await chain.run(gateway, declare(owner));
      expect((await chain.run(gateway, deleteTx(owner))).error).to.equal("fileBank.NonExistent");
    });

    it("lets an account delete a file that it does not own: an event, and nothing changes", async () => {
      await stored();
      expect(await chain.run(stranger, deleteTx(stranger))).to.deep.equal({
        error: undefined,
        events: ["fileBank.DeleteFile"],
      });
      expect((await file())?.owner).to.have.length(1);
    });

    if (spec === 100) {
      it("jams a deal whose bucket has a j in its name at the twelfth report, again and again", async () => {
        const before = await territory(owner);
        await chain.run(gateway, declare(owner, fid, { bucketName: "projects" }));
        expect((await report(1, 12)).error).to.equal("fileBank.SpecError");
        expect((await chain.run(miners[11]!, reportTx(12))).error).to.equal("fileBank.SpecError");
        expect(difference(before, await territory(owner)).locked).to.equal(96n * MIB);
      });

      it("keeps buckets: no j, no second of a name, none deleted that holds files, an empty one stays", async () => {
        const { createBucket, deleteBucket } = chain.api.tx.fileBank!;
        expect((await chain.run(gateway, createBucket!(owner.address, "projects"))).error).to.equal(
          "fileBank.SpecError",
        );
        expect((await chain.run(gateway, createBucket!(owner.address, "letters"))).events).to.deep.equal([
          "fileBank.CreateBucket",
        ]);
        expect((await chain.run(gateway, createBucket!(owner.address, "letters"))).error).to.equal("fileBank.Existed");
        await stored(owner, fid, { bucketName: "letters" });
        expect((await chain.run(gateway, deleteBucket!(owner.address, "letters"))).error).to.equal("fileBank.NotEmpty");
        await chain.run(gateway, deleteTx(owner));
        expect(await chain.query("fileBank", "bucket", owner.address, "letters")).to.deep.include({ objectList: [] });
        expect((await chain.run(gateway, deleteBucket!(owner.address, "letters"))).events).to.deep.equal([
          "fileBank.DeleteBucket",
        ]);
      });
    }
  });
}

interface Declaration {
  readonly territory?: string;
  readonly segments?: number;
  readonly fragments?: number;
  readonly fileName?: string;
  readonly bucketName?: string;
}

function declaration(chain: ChainClient, spec: Spec, user: KeyringPair, hash: string, settings: Declaration): Tx {
  const { territory = "main", segments = 1, fragments = 12, fileName = "file", bucketName = "bucket" } = settings;
  const deal = range(1, segments).map(() => ({
    hash: newHash(),
    fragmentList: range(1, fragments).map(() => newHash()),
  }));
  const brief = { user: user.address, fileName, territoryName: territory, ...(spec === 100 && { bucketName }) };
  return chain.api.tx.fileBank!.uploadDeclaration!(hash, deal, brief, 1000);
}

async function startedWithTerritories(spec: Spec): Promise<ChainClient> {
  const chain = await ChainClient.start(spec, { accounts: [owner, second, stranger, gateway, ...miners] });
  const { sminer, storageHandler, oss } = chain.api.tx;
  for (const miner of miners) {
    await chain.submit(
      miner,
      sminer!.regnstk!(miner.address, spec === 100 ? `0x${"41".repeat(38)}` : "http://127.0.0.1:1", COLLATERAL, 1),
    );
  }
  chain.build();
  for (const name of ["main", "other", "double", "empty"])
    await chain.submit(owner, storageHandler!.mintTerritory!(10, name, 30));
  await chain.submit(owner, storageHandler!.mintTerritory!(1, "tiny", 30));
  for (const name of ["main", "empty"]) await chain.submit(second, storageHandler!.mintTerritory!(10, name, 30));
  for (const user of [owner, second]) await chain.submit(user, oss!.authorize!(gateway.address));
  const block = chain.build();
  for (const index of range(1, 9)) expect((await chain.outcome(block, index)).error).to.equal(undefined);
  return chain;
}

interface Space {
  readonly used: bigint;
  readonly locked: bigint;
  readonly remaining: bigint;
}

async function spaceOf(chain: ChainClient, user: KeyringPair, name: string): Promise<Space> {
  const found = (await chain.query("storageHandler", "territory", user.address, name)) as unknown as Record<
    string,
    string
  >;
  return {
    used: BigInt(found.usedSpace!),
    locked: BigInt(found.lockedSpace!),
    remaining: BigInt(found.remainingSpace!),
  };
}

function difference(before: Space, after: Space): Space {
  return {
    used: after.used - before.used,
    locked: after.locked - before.locked,
    remaining: after.remaining - before.remaining,
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
