import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Cluster } from "../support/cluster.js";
import { NginxServer } from "../support/nginx-server.js";

const Bucket = "upgrade";
const GATEWAYS = [0, 1, 2];

describe("a rolling restart of three gateways behind a proxy that tries the next one", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let nginx: NginxServer;
  let client: S3Client;

  before(async () => {
    cluster = await Cluster.start({
      gateways: GATEWAYS.length,
      staging: "file",
      settings: { shutdown: { delaySeconds: 1, drainSeconds: 10 } },
    });
    nginx = await NginxServer.start(
      cluster.folder,
      GATEWAYS.map((n) => cluster.portOf(n)),
    );
    const [user] = cluster.network.users;
    client = new S3Client({
      endpoint: nginx.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: user?.accessKeyId ?? "", secretAccessKey: user?.secretAccessKey ?? "" },
    });
    await client.send(new CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    client.destroy();
    await nginx.end();
    await cluster.close();
  });

  it("fails no request, though each gateway ends and starts again under load", async () => {
    const stop = new AbortController();
    let requests = 0;
    const one = async (worker: number) => {
      for (let i = 0; !stop.signal.aborted; i += 1) {
        const [Key, Body] = [`${worker}/${i % 50}`, randomBytes(1_000 + worker * 20_000)];
        await client.send(new PutObjectCommand({ Bucket, Key, Body }));
        const read = await client.send(new GetObjectCommand({ Bucket, Key }));
        expect(Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(Body), Key).to.equal(true);
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }));
        expect(Contents[0]?.Key).to.equal(Key);
        if (i % 3 === 0) await client.send(new DeleteObjectCommand({ Bucket, Key }));
        requests += 4;
      }
    };
    const loading = Promise.all([0, 1, 2, 3].map(one));
    // Rejections are looked at below, after the gateways' restarts.
    loading.catch(() => stop.abort());
    for (const n of GATEWAYS) {
      await sleep(1_000);
      expect(await cluster.endGateway(n, "SIGTERM")).to.equal(0);
      await cluster.startGateway(n);
    }
    await sleep(1_000);
    stop.abort();
    await loading;
    expect(requests).to.be.greaterThan(200);
  });
});
