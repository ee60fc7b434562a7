import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import type { CessAccount } from "../../src/model/account.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { cd2nFid, ForeignGateway, writeSparse } from "../support/foreign-file.js";
import { GatewayProcess } from "../support/gateway-process.js";

describe("files that a gateway of another kind has stored, spec 136", function () {
  this.timeout(180_000);
  let folder: string;
  let network: DevNetwork;
  let others: ForeignGateway;
  let gateway: GatewayProcess;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-others-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 12, blockMs: 200, spec: 136 });
    others = await ForeignGateway.open(network.chainEndpoint, network.gatewayMnemonic);
    const path = join(folder, "gateway.yaml");
    writeFileSync(
      path,
      JSON.stringify({
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
        accounts: network.users.map((user) => ({ ...user, readsNetwork: true })),
        dataDir: join(folder, "gateway"),
        allowPrivateNodes: true,
        encryption: { default: "none" },
        logLevel: "warn",
      }),
    );
    mkdirSync(join(folder, "gateway"));
    gateway = await GatewayProcess.start(["serve", "--config", path], {});
  });
  after(async () => {
    await gateway.end("SIGKILL");
    await others.close();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const segments of [1, 2, 3, 5])
    it(`are read whole and by range under CD2N's FID, with ${segments} segments`, async () => {
      const path = join(folder, `file-${segments}`);
      const bytes = await writeSparse(path, segments);
      const [user] = network.users;
      const fid = await others.store(path, bytes.length, {
        owner: user!.cessAccount as CessAccount,
        territory: user!.territory,
        fileName: `file-${segments}.bin`,
        fid: cd2nFid,
      });
      const read = async (range?: string) => {
        const command = new GetObjectCommand({ Bucket: "cess", Key: fid, Range: range });
        return Buffer.from(await (await gateway.client().send(command)).Body!.transformToByteArray());
      };
      expect(bytes.equals(await read())).to.equal(true);
      const [first, last] = [Math.floor(bytes.length / 2), Math.min(bytes.length, SEGMENT_SIZE + 70_000) - 1];
      const [low, high] = [Math.min(first, last), Math.max(first, last)];
      expect(bytes.subarray(low, high + 1).equals(await read(`bytes=${low}-${high}`))).to.equal(true);
    });
});
