import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { objectState } from "../support/object-state.js";

const MIB = 2 ** 20;
/** Bytes a second: so slow that coding the fragments takes no time beside sending them. */
const LIMIT = 8 * MIB;
const SIZE = 32 * MIB;
/** Twelve fragments of 8 MiB for each 32 MiB. */
const ON_THE_WIRE = 3 * SIZE;

describe("a gateway with a limited upload bandwidth", () => {
  let folder: string;
  let gateway: GatewayProcess;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-bandwidth-"));
    gateway = await GatewayProcess.start(["dev"], {
      CESS_S3_DATA_DIR: join(folder, "data"),
      CESS_S3_DEV_BLOCK_MS: "200",
      CESS_S3_UPLOAD_BANDWIDTH: String(LIMIT),
    });
  });
  after(async () => {
    await gateway.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it("sends to all storage nodes together what the limit allows, within 20 %", async () => {
    const client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket: "limited" }));
    await client.send(new PutObjectCommand({ Bucket: "limited", Key: "object", Body: randomBytes(SIZE) }));
    const sent = () => gateway.metric("cess_s3_fragment_sent_bytes_total");
    // Fragments go as soon as the deal is on chain.
    await eventually("the deal is declared", async () =>
      (await objectState(client, "limited", "object")).state === "declared" ? true : undefined,
    );
    const began = performance.now();
    await eventually("all fragments are with their nodes", async () =>
      (await sent()) >= ON_THE_WIRE ? true : undefined,
    );
    const rate = (ON_THE_WIRE * 1000) / (performance.now() - began);
    expect(rate / LIMIT).to.be.within(0.8, 1.2);
  });
});
