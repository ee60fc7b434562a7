import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { expect } from "chai";
import { GatewayProcess } from "../support/gateway-process.js";
import { objectState, untilStored } from "../support/object-state.js";

const MIB = 2 ** 20;
const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");
const BUCKET = "durability";
/** A small object whose FID matters. */
const OWN_FILE = { "cess-layout": "own-file" };

const sha256 = async (body: Readable) => {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk as Buffer);
  return hash.digest("hex");
};

for (const spec of ["133", "100"]) {
  // What is behind the chain is the same whatever its shapes are: it is read, and nodes are replaced, at one of them.
  const atOne = spec === "133" ? it : undefined;
  describe(`an object's way into the network in the shapes of spec ${spec}`, () => {
    const size = spec === "133" ? 100 * MIB : 40 * MIB;
    let folder: string;
    let gateway: GatewayProcess;
    let client: S3Client;
    let bytes: Buffer;
    let digest: string;
    const get = async (Range?: string) =>
      sha256((await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "multipart", Range }))).Body as Readable);
    const faults = async (faulty: Readonly<Record<number, string>>) => {
      for (const { n } of await gateway.nodes()) await gateway.setFault(n, faulty[n] ?? "none");
      await gateway.dropCache();
    };

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "cess-s3-durability-"));
      gateway = await GatewayProcess.start(["dev"], {
        CESS_S3_DATA_DIR: join(folder, "data"),
        CESS_S3_DEV_BLOCK_MS: "200",
        CESS_S3_DEV_SPEC: spec,
      });
      client = gateway.client();
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
      bytes = randomBytes(size);
      digest = createHash("sha256").update(bytes).digest("hex");
    });
    after(async () => {
      await gateway.end();
      rmSync(folder, { recursive: true, force: true });
    });

    it("answers Complete with the FID that `cess-s3 fid` prints for the same file", async () => {
      const upload = new Upload({
        client,
        params: { Bucket: BUCKET, Key: "multipart", Body: bytes },
        partSize: 8 * MIB,
      });
      const { ETag } = await upload.done();
      writeFileSync(join(folder, "file"), bytes);
      const { stdout } = await promisify(execFile)(process.execPath, [main, "fid", join(folder, "file"), "--json"]);
      const { fid } = JSON.parse(stdout) as { fid: string };
      expect(ETag).to.equal(`"${fid}"`);
      expect((await objectState(client, BUCKET, "multipart")).fid).to.equal(fid);
    });

    it("is readable at once, and reaches stored with 12 reports and COMPLETED", async () => {
      expect(await get()).to.equal(digest);
      const { state, reports, replication } = await untilStored(client, BUCKET, "multipart");
      expect({ state, reports, replication }).to.deep.equal({
        state: "stored",
        reports: "12/12",
        replication: "COMPLETED",
      });
      expect(await gateway.metric("cess_s3_staged_bytes"), "staging is released").to.equal(0);
    });

    it("keeps MD5 as the ETag of a PutObject while its FID becomes known", async () => {
      const { ETag } = await client.send(
        new PutObjectCommand({ Bucket: BUCKET, Key: "small", Body: "small", Metadata: OWN_FILE }),
      );
      expect(ETag).to.equal('"eb5c1399a871211c7e7ed732d15e3a8b"');
      const stored = await untilStored(client, BUCKET, "small");
      expect(stored.head.ETag).to.equal(ETag);
      expect(stored.fid).to.match(/^[0-9a-f]{64}$/);
    });

    atOne?.(
      "stores small objects in one file together, and reads each back without the cache and with 8 nodes down",
      async () => {
        const bodies = Array.from({ length: 20 }, (_, n) => randomBytes(1000 + n * 3000));
        for (const [n, Body] of bodies.entries())
          await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `packed-${n}`, Body }));
        const fids = new Set<string | undefined>();
        for (const n of bodies.keys()) fids.add((await untilStored(client, BUCKET, `packed-${n}`, 120_000)).fid);
        expect(fids.size, "files").to.be.at.most(2);
        const read = async (n: number) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: `packed-${n}` }));
          return Buffer.from(await Body!.transformToByteArray()).equals(bodies[n]!);
        };
        await faults({});
        for (const n of bodies.keys()) expect(await read(n), `object ${n}`).to.equal(true);
        const all = await gateway.nodes();
        await faults(Object.fromEntries(all.slice(0, 8).map(({ n }) => [n, "down"])));
        for (const n of [0, 7, 19]) expect(await read(n), `object ${n} with 8 nodes down`).to.equal(true);
        await faults({});
      },
    );

    it("reads back without the cache and with any 8 nodes down", async () => {
      for (const first of [0, 4, 9]) {
        const all = await gateway.nodes();
        await faults(
          Object.fromEntries(Array.from({ length: 8 }, (_, i) => [all[(first + i) % all.length]!.n, "down"])),
        );
        expect(await get(), `8 nodes down from ${first} on`).to.equal(digest);
      }
    });

    atOne?.("reads back without the cache and with 3 nodes down, 3 corrupt and 2 slow", async () => {
      const numbers = (await gateway.nodes()).map(({ n }) => n);
      await faults(
        Object.fromEntries(numbers.slice(2, 10).map((n, i) => [n, i < 3 ? "down" : i < 6 ? "corrupt" : "slow"])),
      );
      expect(await get()).to.equal(digest);
    });

    atOne?.("answers a range from the network with those bytes", async () => {
      await faults({});
      const [from, to] = [31 * MIB, 34 * MIB];
      expect(await get(`bytes=${from}-${to - 1}`)).to.equal(
        createHash("sha256").update(bytes.subarray(from, to)).digest("hex"),
      );
    });

    atOne?.("replaces a node that takes fragments and never reports, and one that is down", async () => {
      const numbers = (await gateway.nodes()).map(({ n }) => n);
      await faults({ [numbers[1]!]: "silent", [numbers[5]!]: "down" });
      const body = randomBytes(MIB);
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "around-faults", Body: body }));
      await untilStored(client, BUCKET, "around-faults", 90_000);
      await faults({});
    });

    it("charges the second account for the same bytes without sending them again", async () => {
      const alt = gateway.client("cessalt", "cessaltsecret");
      await alt.send(new CreateBucketCommand({ Bucket: "other-owner" }));
      await alt.send(new PutObjectCommand({ Bucket: "other-owner", Key: "same", Body: "small", Metadata: OWN_FILE }));
      const { fid } = await untilStored(alt, "other-owner", "same");
      expect(fid).to.equal((await objectState(client, BUCKET, "small")).fid);
    });
  });
}
