import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, type PutObjectCommandInput, S3ServiceException } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { MIB } from "../../src/model/sizes.js";
import { Cluster } from "../support/cluster.js";
import { eventually } from "../support/eventually.js";
import { objectState, untilStored } from "../support/object-state.js";

const Bucket = "trouble";
const LEASE_SECONDS = 10;

describe("three gateways in trouble", function () {
  this.timeout(180_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await Cluster.start({
      gateways: 3,
      staging: "file",
      // No pack is closed by itself.
      settings: { jobs: { leaseSeconds: LEASE_SECONDS }, packing: { maxAgeSeconds: 3_600 } },
    });
    await cluster.client(0).send(new CreateBucketCommand({ Bucket }));
  });
  after(() => cluster.close());

  const put = (n: number, Key: string, Body: Uint8Array, more: Partial<PutObjectCommandInput> = {}) =>
    cluster.put(n, Bucket, Key, Body, more);
  const bytesAt = (n: number, Key: string) => cluster.bytesAt(n, Bucket, Key);

  interface Load {
    readonly acknowledged: Map<string, Buffer>;
    readonly failures: unknown[];
  }

  /** Puts through all gateways until told to stop. */
  async function putInto({ acknowledged, failures }: Load, stop: AbortSignal): Promise<void> {
    const prefix = randomBytes(4).toString("hex");
    const one = async (n: number) => {
      for (let i = 0; !stop.aborted; i += 1) {
        const [key, body] = [`${prefix}/${n}/${i}`, randomBytes(2_000)];
        await put(n, key, body).then(
          () => acknowledged.set(key, body),
          (error: unknown) => failures.push(error),
        );
      }
    };
    await Promise.all([0, 1, 2].map(one));
  }

  /** What was acknowledged before, during and after the trouble, all of which is there, and what was answered else. */
  async function underLoad(trouble: (load: Load) => Promise<void>): Promise<Load> {
    const load: Load = { acknowledged: new Map(), failures: [] };
    const stop = new AbortController();
    const loading = putInto(load, stop.signal);
    try {
      await untilAcknowledged(load);
      await trouble(load);
      await untilAcknowledged(load);
    } finally {
      stop.abort();
      await loading;
    }
    for (const [key, body] of load.acknowledged)
      expect(
        (await bytesAt(Math.floor(Math.random() * 3), key)).equals(body),
        `${key}, which was acknowledged`,
      ).to.equal(true);
    return load;
  }

  /** Until each gateway has acknowledged two more. */
  function untilAcknowledged({ acknowledged }: Load): Promise<true> {
    const counts = () =>
      [0, 1, 2].map((n) => [...acknowledged.keys()].filter((key) => key.split("/")[1] === String(n)).length);
    const before = counts();
    return eventually("each gateway acknowledges requests", () =>
      counts().every((count, n) => count >= (before[n] ?? 0) + 2),
    );
  }

  /** A request that could not be answered was refused in S3's words, and may be sent again. */
  function requireUnavailable(failures: readonly unknown[]): void {
    for (const failure of failures) {
      const answered = failure instanceof S3ServiceException ? failure : undefined;
      expect(answered?.$metadata.httpStatusCode, String(failure)).to.equal(503);
      expect(answered?.$response?.headers["retry-after"], "Retry-After").to.match(/^\d+$/);
    }
  }

  it("PostgreSQL is ended as by a power cut and comes back: what was acknowledged is there, the rest was answered 503", async () => {
    const { acknowledged, failures } = await underLoad(async (load) => {
      await cluster.postgres.end("SIGQUIT");
      await eventually("requests are refused", () => load.failures.length >= 3);
      await cluster.postgres.startAgain();
    });
    expect(acknowledged.size).to.be.greaterThan(10);
    expect(failures.length).to.be.greaterThan(0);
    requireUnavailable(failures);
  });

  it("connections to PostgreSQL are cut: what was acknowledged is there, the rest was answered 503", async () => {
    const { failures } = await underLoad(async () => {
      for (let i = 0; i < 5; i += 1) {
        cluster.relays.postgres.cut();
        await sleep(200);
      }
    });
    requireUnavailable(failures);
  });

  it("PostgreSQL does not answer any more: requests are answered 503 when a statement's time is over, and all is well afterwards", async () => {
    cluster.relays.postgres.deaf = true;
    const began = Date.now();
    const failure: unknown = await put(0, "deaf", Buffer.from("deaf")).catch((error: unknown) => error);
    const took = Date.now() - began;
    cluster.relays.postgres.deaf = false;
    cluster.relays.postgres.cut();
    requireUnavailable([failure]);
    expect(took, "ms until the answer").to.be.lessThan(30_000);
    await eventually("requests are answered again", () =>
      put(0, "deaf", Buffer.from("x")).then(
        () => true,
        () => false,
      ),
    );
  });

  it("without Redis no request fails", async () => {
    const { failures } = await underLoad(async () => {
      await cluster.redis.end();
      await sleep(1_000);
      await cluster.redis.startAgain();
      await sleep(500);
      cluster.relays.redis.cut();
    });
    expect(failures).to.deep.equal([]);
  });

  it("packs are closed by whichever gateway writes them, whichever is asked", async () => {
    for (const n of [0, 1, 2]) {
      const key = `flushed/${n}`;
      await put(n, key, randomBytes(1_000));
      const answer = await fetch(`${cluster.member(n).gateway.admin}/packs/flush`, { method: "POST" });
      expect(answer.status).to.equal(202);
      await untilStored(cluster.client(n), Bucket, key, 60_000);
    }
  });

  it(`the jobs of a gateway that was killed go on at another within its lease of ${LEASE_SECONDS} s`, async () => {
    const keys = Array.from({ length: 6 }, (_, i) => `jobs/${i}`);
    await Promise.all(
      keys.map((key) => put(2, key, randomBytes(6 * MIB), { Metadata: { "cess-layout": "own-file" } })),
    );
    await eventually(
      "gateway 2 works on some",
      () => Number(cluster.query("select count(*) from jobs where leased = 1 and holder = 'gateway-2'")) > 0,
    );
    await cluster.endGateway(2, "SIGKILL");
    const killed = Date.now();
    await eventually(
      "no job is leased by the gateway that was killed",
      () => cluster.query("select count(*) from jobs where leased = 1 and holder = 'gateway-2'") === "0",
      (LEASE_SECONDS + 5) * 1_000,
    );
    console.log(`      its jobs were taken ${Date.now() - killed} ms after the kill`);
    for (const key of keys) await untilStored(cluster.client(0), Bucket, key, 120_000);
    await cluster.startGateway(2);
    for (const key of keys) expect((await objectState(cluster.client(2), Bucket, key)).state).to.equal("stored");
  });
});
