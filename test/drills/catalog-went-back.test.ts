import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import type { GatewayProcess } from "../support/gateway-process.js";
import { ServeFixture } from "../support/serve-fixture.js";

const Bucket = "only-copy";
const KEYS = ["a", "b", "c", "d", "e"];
/** So that the objects' own blobs stay until they are stored. */
const Metadata = { "cess-layout": "own-file" };
const FILES = ["catalog.sqlite", "catalog.sqlite-wal"];

describe("A catalog that went back", function () {
  this.timeout(180_000);
  let on: ServeFixture;
  const bodies = new Map(KEYS.map((key, n) => [key, randomBytes(n % 2 === 0 ? 100_000 : 3_000)]));
  before(async () => {
    on = await ServeFixture.start();
    // What is put stays staged: the gateway has the only copy.
    on.nodesFail("down");
  });
  after(() => on.end());

  const fill = async (gateway: GatewayProcess, keys = KEYS) => {
    const client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket })).catch(() => undefined);
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: bodies.get(Key)!, Metadata }));
  };
  const readable = async (gateway: GatewayProcess) => {
    const found: string[] = [];
    for (const Key of KEYS) {
      const answer = await gateway
        .client()
        .send(new GetObjectCommand({ Bucket, Key }))
        .catch(() => undefined);
      if (answer && Buffer.from(await answer.Body!.transformToByteArray()).equals(bodies.get(Key)!)) found.push(Key);
    }
    return found;
  };
  const save = (name: string, as: string) => {
    for (const file of FILES) {
      const path = join(on.dataDir(name), file);
      if (existsSync(path)) copyFileSync(path, join(on.folder, `${as}-${file}`));
    }
  };
  const load = (as: string, name: string) => {
    for (const file of [...FILES, "catalog.sqlite-shm"]) rmSync(join(on.dataDir(name), file), { force: true });
    for (const file of FILES) {
      const saved = join(on.folder, `${as}-${file}`);
      if (existsSync(saved)) copyFileSync(saved, join(on.dataDir(name), file));
    }
  };
  const staged = (name: string) =>
    readdirSync(join(on.dataDir(name), "blobs"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort();
  const reasons = async (gateway: GatewayProcess) => {
    const answer = await fetch(`${gateway.admin}/health/ready`);
    const { reasons } = (await answer.json()) as { reasons: { check: string; reason: string }[] };
    return { status: answer.status, catalog: reasons.find(({ check }) => check === "catalog")?.reason };
  };

  it("after a restored old copy is said, nothing is swept, and the newest one brings all objects back", async () => {
    const first = await on.serve("copy");
    await fill(first, ["a"]);
    await first.end();
    save("copy", "old");
    const second = await on.serve("copy");
    await fill(second, KEYS.slice(1));
    await second.end();
    save("copy", "newest");
    const before = staged("copy");
    load("old", "copy");

    const third = await on.serve("copy", { unready: true });
    expect(await readable(third)).to.deep.equal(["a"]);
    const { status, catalog } = await reasons(third);
    expect(status).to.equal(503);
    expect(catalog).to.match(/^the catalog went back: it is at generation \d+, and was at \d+\. .*--accept-catalog$/);
    expect(await third.metric("cess_s3_catalog_went_back")).to.equal(1);
    await eventually("an error is in the log", () =>
      third.log().some((line) => line.level === "error" && JSON.stringify(line).includes("the catalog went back")),
    );
    // What the old catalog lets go of is kept, too.
    await third.client().send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    await third.end();
    expect(staged("copy").map((name) => name.replace(/^blob\.(\w+)\.\d+$/, "$1"))).to.include.members(before);

    load("newest", "copy");
    const fourth = await on.serve("copy");
    expect(await readable(fourth)).to.deep.equal(KEYS);
    await fourth.end();
  });

  it("after its log was cut is noticed, and what was swept before anyone noticed comes back from quarantine", async () => {
    const first = await on.serve("cut");
    const log = join(on.dataDir("cut"), "catalog.sqlite-wal");
    await fill(first, KEYS.slice(0, 2));
    const { size } = statSync(log);
    await fill(first, KEYS.slice(2));
    // The mark follows within a second of the last change.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await first.end("SIGKILL");
    save("cut", "whole");
    truncateSync(log, size);
    rmSync(join(on.dataDir("cut"), "catalog.sqlite-shm"), { force: true });

    const second = await on.serve("cut", { unready: true });
    expect((await reasons(second)).catalog).to.match(/the catalog went back/);
    const accepted = await fetch(`${second.admin}/catalog/accept`, { method: "POST" });
    expect(await accepted.json()).to.have.property("accepted", true);
    expect((await reasons(second)).catalog).to.equal(undefined);
    const lost = KEYS.length - (await readable(second)).length;
    expect(lost, "the cut has cost objects").to.be.above(0);
    await eventually("what the catalog forgot is in quarantine", async () =>
      (await second.metric("cess_s3_quarantine_files")) > 0 ? true : undefined,
    );
    await second.end();

    load("whole", "cut");
    const third = await on.serve("cut", { unready: true });
    expect((await reasons(third)).catalog, "the accepted one was another").to.match(/another catalog/);
    expect(await readable(third)).to.deep.equal(KEYS);
    await third.end();
    const accept = await cessS3(["fsck", "--accept-catalog", "--no-chain", "--config", on.config("cut")]);
    expect(accept.code, accept.stdout + accept.stderr).to.equal(0);
    const fourth = await on.serve("cut");
    expect(await readable(fourth)).to.deep.equal(KEYS);
    await fourth.end();
  });
});
