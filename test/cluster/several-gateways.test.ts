import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { MIB } from "../../src/model/sizes.js";
import { Cluster } from "../support/cluster.js";
import { untilStored } from "../support/object-state.js";

const Bucket = "shared";
const GATEWAYS = [0, 1, 2];

for (const staging of ["file", "s3"] as const)
  describe(`three gateways over one PostgreSQL, with staging in ${staging === "file" ? "a shared folder" : "an S3 server"}`, function () {
    this.timeout(180_000);
    let cluster: Cluster;

    before(async () => {
      cluster = await Cluster.start({ gateways: 3, staging });
      await cluster.client(0).send(new CreateBucketCommand({ Bucket }));
    });
    after(() => cluster.close());

    const put = (n: number, Key: string, Body: Uint8Array, more: Partial<PutObjectCommandInput> = {}) =>
      cluster.put(n, Bucket, Key, Body, more);
    const bytesAt = (n: number, Key: string) => cluster.bytesAt(n, Bucket, Key);
    const keysAt = async (n: number, Prefix: string) => {
      const { Contents = [] } = await cluster.client(n).send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key }) => Key);
    };
    const statusOf = (request: Promise<unknown>) =>
      request.then(
        () => 200,
        (error: unknown) => {
          if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode;
          throw error;
        },
      );

    it("an object is read, listed, copied and deleted at another gateway as soon as it is there", async () => {
      for (const size of [10, 70_000, 9 * MIB]) {
        const body = randomBytes(size);
        const key = `seen/${size}`;
        await put(0, key, body);
        expect((await bytesAt(1, key)).equals(body), `${size} bytes at another gateway`).to.equal(true);
        expect(await keysAt(2, key)).to.deep.equal([key]);
        await cluster
          .client(2)
          .send(new CopyObjectCommand({ Bucket, Key: `${key}-copy`, CopySource: `${Bucket}/${key}` }));
        expect((await bytesAt(0, `${key}-copy`)).equals(body)).to.equal(true);
        await cluster.client(1).send(new DeleteObjectCommand({ Bucket, Key: key }));
        expect(await statusOf(bytesAt(0, key))).to.equal(404);
        expect((await bytesAt(1, `${key}-copy`)).equals(body), "the copy, after its source is gone").to.equal(true);
      }
    });

    it("of writes under a condition at all gateways exactly one wins", async () => {
      for (let round = 0; round < 15; round += 1) {
        const Key = `conditional/${round}`;
        const created = await Promise.all(
          GATEWAYS.flatMap((n) =>
            [1, 2].map((i) => statusOf(put(n, Key, Buffer.from(`${n} ${i}`), { IfNoneMatch: "*" }))),
          ),
        );
        expect(
          created.filter((status) => status === 200),
          `creations, ${created.join(" ")}`,
        ).to.have.length(1);
        const { ETag } = await cluster.client(round % 3).send(new HeadObjectCommand({ Bucket, Key }));
        const replaced = await Promise.all(
          GATEWAYS.map((n) => statusOf(put(n, Key, Buffer.from(`${n} again, ${round}`), { IfMatch: ETag }))),
        );
        expect(
          replaced.filter((status) => status === 200),
          `replacements, ${replaced.join(" ")}`,
        ).to.have.length(1);
      }
    });

    it("of buckets that all gateways create at once there is one, and its owner is one", async () => {
      const answers = await Promise.all(
        GATEWAYS.map((n) => statusOf(cluster.client(n).send(new CreateBucketCommand({ Bucket: "at-once" })))),
      );
      // S3 in us-east-1 answers 200 to an owner who creates a bucket again.
      expect(answers).to.deep.equal([200, 200, 200]);
      expect(cluster.query("select count(*) from buckets where name = 'at-once'")).to.equal("1");
    });

    it("an upload's parts come through different gateways, and it is completed at a third, with the same answer again", async () => {
      const Key = "parts";
      const bodies = [randomBytes(6 * MIB), randomBytes(5 * MIB), randomBytes(1_000)];
      const { UploadId } = await cluster.client(0).send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const upload = { Bucket, Key, UploadId };
      const Parts = await Promise.all(
        bodies.map(async (Body, n) => {
          const { ETag } = await cluster.client(n).send(new UploadPartCommand({ ...upload, PartNumber: n + 1, Body }));
          return { PartNumber: n + 1, ETag };
        }),
      );
      const { Parts: listed } = await cluster.client(1).send(new ListPartsCommand(upload));
      expect(listed?.map(({ ETag }) => ETag)).to.deep.equal(Parts.map(({ ETag }) => ETag));
      const complete = (n: number) =>
        cluster.client(n).send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      const [once, beside] = await Promise.all([complete(2), complete(1)]);
      const again = await complete(0);
      expect(new Set([once, beside, again].map(({ ETag }) => ETag)).size, "answers").to.equal(1);
      expect(once.ETag, "a FID").to.match(/^"[0-9a-f]{64}"$/);
      for (const n of GATEWAYS) expect((await bytesAt(n, Key)).equals(Buffer.concat(bodies))).to.equal(true);
    });

    it("what is set on a bucket at one gateway is obeyed by all from the next request", async () => {
      await put(0, "guarded", Buffer.from("guarded"));
      const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/guarded` },
        ],
      });
      for (const setter of GATEWAYS) {
        await cluster.client(setter).send(new PutBucketPolicyCommand({ Bucket, Policy }));
        for (const n of GATEWAYS) expect(await statusOf(bytesAt(n, "guarded")), `at gateway ${n}`).to.equal(403);
        await cluster.client(setter).send(new DeleteBucketPolicyCommand({ Bucket }));
        for (const n of GATEWAYS) expect(await statusOf(bytesAt(n, "guarded")), `at gateway ${n}`).to.equal(200);
      }
    });

    it("versions of one key, put through all gateways at once, are all kept, and one is the latest", async () => {
      const versioned = "versioned";
      await cluster.client(0).send(new CreateBucketCommand({ Bucket: versioned }));
      const VersioningConfiguration = { Status: "Enabled" as const };
      await cluster.client(1).send(new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration }));
      const bodies = Array.from({ length: 12 }, (_, i) => Buffer.from(`version ${i}`));
      const ids = await Promise.all(
        bodies.map(async (Body, i) => {
          const client = cluster.client(i % 3);
          return (await client.send(new PutObjectCommand({ Bucket: versioned, Key: "k", Body }))).VersionId;
        }),
      );
      expect(new Set(ids).size).to.equal(bodies.length);
      expect(cluster.query(`select count(*) from versions where bucket = '${versioned}' and is_latest = 1`)).to.equal(
        "1",
      );
    });

    it("objects through all gateways at once are stored, all signed by one account", async () => {
      // Their FIDs as ETags: each is a file of its own, with its own order.
      const keys = Array.from({ length: 12 }, (_, i) => `ordered/${i}`);
      await Promise.all(
        keys.map((key, i) => put(i % 3, key, randomBytes(2 * MIB), { Metadata: { "cess-layout": "own-file" } })),
      );
      const states = await Promise.all(
        keys.map((key, i) => untilStored(cluster.client((i + 1) % 3), Bucket, key, 120_000)),
      );
      expect(new Set(states.map(({ fid }) => fid)).size).to.equal(keys.length);
      expect(cluster.query("select count(*) from files where state = 'failed'")).to.equal("0");
    });

    it("bytes that were put through one gateway are read at another when the network alone has them", async () => {
      const body = randomBytes(3 * MIB);
      await put(0, "from-the-network", body, { Metadata: { "cess-layout": "own-file" } });
      await untilStored(cluster.client(1), Bucket, "from-the-network", 120_000);
      for (const n of GATEWAYS) {
        await cluster.member(n).gateway.dropCache();
        expect((await bytesAt(n, "from-the-network")).equals(body)).to.equal(true);
      }
    });
  });
