import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import type { ProviderInterface } from "@polkadot/rpc-provider/types";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { startDevChain } from "../../src/devnet/chain/dev-chain.js";

const CHILD = fileURLToPath(new URL("./dev-chain-child.js", import.meta.url));
const ROUNDS = 3;

describe("a dev chain killed without warning", () => {
  it("finds every block again that it had told of, with its state", async () => {
    await cryptoWaitReady();
    const alice = new Keyring({ type: "sr25519", ss58Format: 11_330 }).addFromUri("//Alice");
    const folder = await mkdtemp(join(tmpdir(), "dev-chain-crash-"));
    let told = "";
    try {
      for (let round = 1; round <= ROUNDS; round += 1) {
        const child = spawn(process.execPath, [CHILD, folder, alice.address], { stdio: ["ignore", "pipe", "inherit"] });
        const [endpoint] = (await once(child.stdout, "data")) as [Buffer];
        const provider = new WsProvider(endpoint.toString().trim(), false) as unknown as ProviderInterface & WsProvider;
        await provider.connect();
        const api = await ApiPromise.create({ provider, noInitWarn: true });
        if (told !== "") expect((await api.rpc.chain.getHeader(told)).hash.toHex()).to.equal(told);
        told = await new Promise<string>((resolve, reject) => {
          api.tx.system!.remark!("0x00")
            .signAndSend(alice, { nonce: -1 }, ({ status }) => {
              if (status.isInBlock || status.isFinalized)
                resolve((status.isInBlock ? status.asInBlock : status.asFinalized).toHex());
            })
            .catch(reject);
        });
        child.kill("SIGKILL");
        await once(child, "exit");
        await api.disconnect();
      }
      const chain = await startDevChain({}, { folder, port: 0, blockMs: 3_600_000 });
      const { store, runtime } = chain.chain.components;
      const block = store.byHash(told.slice(2));
      expect(block).to.not.equal(undefined);
      const { publicKey } = alice;
      expect(runtime.system.nonce(chain.chain.state, Buffer.from(publicKey).toString("hex"))).to.equal(ROUNDS);
      await chain.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
