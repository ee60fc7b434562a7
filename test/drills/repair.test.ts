import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { ObjectAnswer } from "../../src/cli/admin-answers.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import type { Fid } from "../../src/model/hash.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { objectState, untilStored } from "../support/object-state.js";

const MIB = 2 ** 20;
const BUCKET = "repair";
const OWN_FILE = { "cess-layout": "own-file" };
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("files whose nodes die for good", function () {
  this.timeout(900_000);
  const objects = new Map<string, { readonly bytes: Buffer; readonly own: boolean }>([
    ["large", { bytes: randomBytes(40 * MIB), own: true }],
    ["small", { bytes: randomBytes(10_000), own: true }],
    ["packed", { bytes: randomBytes(20_000), own: false }],
  ]);
  let folder: string;
  let network: DevNetwork;
  let session: ChainSession;
  let gateway: GatewayProcess;
  /** Nodes that are gone for good. */
  const dead = new Set<string>();

  const configure = (restoralHours: number) =>
    writeFileSync(
      join(folder, "cess-s3.yaml"),
      JSON.stringify({
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 200 },
        accounts: network.users,
        encryption: { default: "AES256" },
        allowPrivateNodes: true,
        // Repairs must come from the network.
        cache: { memory: 0, disk: 0 },
        packing: { maxAgeSeconds: 1 },
        reportTimeoutBlocks: 50,
        nodes: { cooldownSeconds: 1, maxCooldownSeconds: 5 },
        scrub: { restoralHours },
        logLevel: "warn",
      }),
    );
  const start = () =>
    GatewayProcess.start(["serve", "--config", join(folder, "cess-s3.yaml")], {
      CESS_S3_DATA_DIR: join(folder, "data"),
    });
  const crash = async () => {
    await gateway.end("SIGKILL");
    gateway = await start();
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-repair-"));
    mkdirSync(join(folder, "data"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 20, blockMs: 200, spec: 133 });
    session = new ChainSession({ endpoints: [network.chainEndpoint] });
    configure(0.02);
    gateway = await start();
    const client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const [Key, { bytes, own }] of objects)
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: bytes, ...(own && { Metadata: OWN_FILE }) }));
    for (const key of objects.keys()) await untilStored(client, BUCKET, key, 120_000);
  });
  after(async () => {
    await gateway.end("SIGKILL");
    await session.close();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const state = (key: string) => objectState(gateway.client(), BUCKET, key);
  /** The nodes that the chain names for the worst segment of an object's file, less those that are gone. */
  const alive = async (fid: string): Promise<string[]> => {
    const file = await session.reader.file(fid as Fid);
    const segments = (file?.segments ?? []).map(({ fragments }) =>
      fragments.map(({ node }) => node as string).filter((node) => !dead.has(node)),
    );
    return segments.sort((a, b) => a.length - b.length)[0] ?? [];
  };
  const readAll = async () => {
    for (const [Key, { bytes }] of objects) {
      const { Body } = await gateway.client().send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      expect(sha256(await Body!.transformToByteArray()), `${Key} reads back`).to.equal(sha256(bytes));
    }
  };

  it("tells within moments that nodes are gone, and leaves the files alone while they may come back", async () => {
    const { fid } = await state("large");
    const holders = await alive(fid!);
    const six = (await network.nodes()).filter(({ account }) => holders.slice(0, 6).includes(account));
    for (const { n } of six) network.setFault(n, "down");
    await eventually("HEAD tells", async () => (await state("large")).redundancy === "6/12", 60_000);
    const answer = (await (await fetch(`${gateway.admin}/objects/${BUCKET}/large`)).json()) as ObjectAnswer;
    expect(answer.redundancy).to.equal(6);
    const missing = answer.files[0]!.segments[0]!.holders.filter(({ fragment }) => fragment === "missing");
    expect(missing.map(({ node }) => node)).to.have.members(six.map(({ account }) => account));
    for (const { n } of six) network.setFault(n, "none");
    await eventually(
      "HEAD tells that they are back",
      async () => (await state("large")).redundancy === "12/12",
      60_000,
    );
    expect((await state("large")).state).to.equal("stored");
    expect(await gateway.metric('cess_s3_scrub_repairs_total{result="restored"}')).to.equal(0);
  });

  it("brings everything back to twelve of twelve, with a crash at every step", async () => {
    // From now on nodes are gone for good after eleven seconds.
    configure(0.003);
    await crash();
    const { fid } = await state("large");
    for (const { n, account } of await network.nodes()) {
      if (!(await alive(fid!)).slice(0, 6).includes(account)) continue;
      network.setFault(n, "down");
      dead.add(account);
      if (dead.size === 6) break;
    }
    expect(await alive(fid!)).to.have.length(6);
    const steps: string[] = [];
    for (const step of ["staged", "encoded", "declared", "placed"]) {
      // A step may be over before it is seen.
      const reached = await eventually(
        `the file is ${step}, or further`,
        async () => {
          const now = (await state("large")).state;
          const further = ["staged", "encoded", "declared", "placed"].indexOf(now ?? "");
          const whole = (await alive(fid!)).length === 12;
          return whole || further >= ["staged", "encoded", "declared", "placed"].indexOf(step) ? now : undefined;
        },
        180_000,
      );
      steps.push(reached);
      await crash();
      await readAll();
    }
    expect(steps[0], "the bytes are here before the file goes").to.not.equal("stored");
    for (const key of objects.keys())
      await eventually(
        `${key} is whole again`,
        async () => {
          const now = await state(key);
          const left = (await alive(now.fid!)).length;
          return now.state === "stored" && (left === 12 || (left >= 8 && now.redundancy === `${left}/12`));
        },
        300_000,
      );
    expect(await alive(fid!)).to.have.length(12);
    expect((await state("large")).fid).to.equal(fid);
    expect((await state("large")).redundancy).to.equal("12/12");
    await readAll();
    await eventually("nothing is left in staging", async () => (await gateway.metric("cess_s3_staged_bytes")) === 0);
    expect(await gateway.metric("cess_s3_unreadable_files")).to.equal(0);
  });
});
