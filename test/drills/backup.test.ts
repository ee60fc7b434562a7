import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
  copyFileSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { auditRecords } from "../support/audit-records.js";
import { cessS3 } from "../support/command.js";
import type { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";
import { ServeFixture } from "../support/serve-fixture.js";

const KIB = 1024;
const Bucket = "kept";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("A backup", function () {
  this.timeout(180_000);
  let on: ServeFixture;
  let gateway: GatewayProcess;
  let client: S3Client;
  /** Key → digest, of what was acknowledged. */
  const objects = new Map<string, string>();
  const put = async (key: string, size: number) => {
    const bytes = randomBytes(size);
    await client.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes }));
    objects.set(key, sha256(bytes));
  };
  const requireAll = async (from: S3Client, wanted: ReadonlyMap<string, string>) => {
    for (const [Key, digest] of wanted) {
      const { Body } = await from.send(new GetObjectCommand({ Bucket, Key }));
      expect(sha256(await Body!.transformToByteArray()), Key).to.equal(digest);
    }
  };
  const archive = () => join(on.folder, "backup.tar");
  const config = () => on.config("first");

  before(async () => {
    on = await ServeFixture.start();
    gateway = await on.serve("first");
    client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket }));
    await put("stored", 300 * KIB);
    await untilStored(client, Bucket, "stored", 120_000);
  });
  after(() => on.end());

  it("is taken under load, and has every object that was acknowledged before it began", async () => {
    on.nodesFail("down");
    for (let n = 0; n < 12; n++) await put(`staged-${n}`, n % 3 === 0 ? 9 * 1024 * KIB : 1000 + 7000 * n);
    const before = new Map(objects);
    let ended = false;
    const load = Array.from({ length: 4 }, async (_, worker) => {
      for (let n = 0; !ended; n++) {
        await put(`load-${worker}-${n}`, n % 2 === 0 ? 2000 : 200 * KIB);
        // What is replaced is let go of while the backup reads.
        await put(`replaced-${worker}`, 100 * KIB);
      }
    });
    const { code, stdout, stderr } = await cessS3([
      "backup",
      archive(),
      "--config",
      config(),
      "--admin",
      gateway.admin,
    ]);
    ended = true;
    await Promise.all(load);
    expect(code, stderr).to.equal(0);
    const [held, released] = auditRecords(on.dataDir("first")).filter(({ subject }) => subject.includes("blob-holds"));
    expect(held?.details).to.deep.equal({ act: "backup", subject: archive(), details: { withKeys: false } });
    expect(released?.subject).to.match(/release$/);
    expect(stdout).to.match(/backup.tar: \d+ files, .*\nThe keys are NOT in it/);
    expect(statSync(archive()).mode & 0o777).to.equal(0o600);
    expect(readdirSync(on.folder).filter((name) => name.includes("partial"))).to.deep.equal([]);
    objects.clear();
    for (const [key, digest] of before) objects.set(key, digest);
  });

  it("lets the gateway remove again what it held", async () => {
    const answer = await fetch(`${gateway.admin}/metrics`);
    expect(answer.ok).to.equal(true);
    expect(await gateway.metric("cess_s3_quarantine_files")).to.equal(0);
  });

  it("is not written over, nor to a folder that is not there", async () => {
    const again = await cessS3(["backup", archive(), "--config", config(), "--admin", gateway.admin]);
    expect([again.code, again.stderr]).to.deep.equal([
      1,
      `cess-s3: ${archive()} exists already: a backup overwrites nothing, choose another name\n`,
    ]);
    const nowhere = await cessS3([
      "backup",
      join(on.folder, "no/b.tar"),
      "--config",
      config(),
      "--admin",
      gateway.admin,
    ]);
    expect(nowhere.stderr).to.match(/no\/b.tar: cannot write there: there is no such file or folder/);
  });

  it("says why it cannot write where it is told to", async () => {
    const forbidden = await cessS3(["backup", "/proc/b.tar", "--config", config(), "--admin", gateway.admin]);
    expect([forbidden.code, forbidden.stderr]).to.deep.equal([
      1,
      "cess-s3: /proc/b.tar: cannot write there: there is no such file or folder\n",
    ]);
  });

  it("says so when another process has the folder and no gateway answers", async () => {
    const { code, stderr } = await cessS3([
      "backup",
      join(on.folder, "b.tar"),
      "--config",
      config(),
      "--admin",
      "http://127.0.0.1:1",
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /is in use by cess-s3 serve, process \d+ .*, and no gateway answers at http:\/\/127.0.0.1:1/,
    );
  });

  it("is restored into an empty folder, where a gateway reads every byte back", async () => {
    await gateway.end("SIGKILL");
    mkdirSync(on.dataDir("second"));
    const { code, stdout, stderr } = await cessS3(["restore", archive(), "--config", on.config("second")]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/as they were at .*\nThe backup has no keys: put keys.json there/);
    expect(existsSync(join(on.dataDir("second"), "keys.json"))).to.equal(false);
    copyFileSync(join(on.dataDir("first"), "keys.json"), join(on.dataDir("second"), "keys.json"));
    const restored = await on.serve("second");
    // What is stored may have left the staging before the backup: it is on the nodes alone.
    await requireAll(restored.client(), new Map([...objects].filter(([key]) => key !== "stored")));
    expect(await restored.metric("cess_s3_catalog_went_back")).to.equal(0);
    on.nodesFail("none");
    await untilStored(restored.client(), Bucket, "staged-0", 120_000);
    await untilStored(restored.client(), Bucket, "staged-1", 120_000);
    await requireAll(restored.client(), objects);
    await restored.end();
  });

  it("is taken without a gateway, with the keys if they are asked for", async () => {
    const file = join(on.folder, "offline.tar");
    const { code, stdout, stderr } = await cessS3(["backup", file, "--with-keys", "--config", on.config("second")]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/The key file is in it: whoever has this backup can read everything/);
    mkdirSync(on.dataDir("third"));
    expect((await cessS3(["restore", file, "--config", on.config("third")])).code).to.equal(0);
    expect(auditRecords(on.dataDir("second")).at(-1)).to.deep.include({
      act: "backup",
      subject: file,
      result: "done",
      details: { withKeys: true },
    });
    const [restore] = auditRecords(on.dataDir("third"));
    expect([restore?.act, restore?.result]).to.deep.equal(["restore", "done"]);
    expect(restore?.by).to.match(/^user .*, on the data folder$/);
    const restored = await on.serve("third");
    await requireAll(restored.client(), objects);
    await restored.end();
  });

  it("is not restored into a folder with other things in it", async () => {
    const { code, stderr } = await cessS3(["restore", archive(), "--config", on.config("second")]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/the folder .*second is not empty \(.*\): a backup is restored into an empty one only/);
  });

  it("is not restored when a byte of it was changed, or when it was cut off, and nothing is left of it", async () => {
    const damaged = join(on.folder, "damaged.tar");
    const size = statSync(archive()).size;
    for (const [damage, words] of [
      [
        () => {
          const file = openSync(damaged, "r+");
          // In the catalog, which the archive has as it is: elsewhere it could be a tar header.
          const catalog = readFileSync(damaged).indexOf("SQLite format 3\0");
          writeSync(file, Buffer.from([1, 2, 3, 4]), 0, 4, catalog + 100);
          closeSync(file);
        },
        /is damaged: the bytes of .* are not those that were backed up. Nothing of it was restored/,
      ],
      [() => truncateSync(damaged, Math.floor((size * 2) / 3)), /is damaged: /],
      [() => writeFileSync(damaged, "no archive at all"), /is no backup of cess-s3/],
    ] as const) {
      copyFileSync(archive(), damaged);
      damage();
      mkdirSync(on.dataDir("fourth"), { recursive: true });
      const { code, stderr } = await cessS3(["restore", damaged, "--config", on.config("fourth")]);
      expect(code).to.equal(1);
      expect(stderr).to.match(words);
      expect(readdirSync(on.dataDir("fourth"))).to.deep.equal(["lock.sqlite"]);
    }
  });

  it("whose restore was interrupted keeps a gateway from starting on half of it", async () => {
    mkdirSync(join(on.dataDir("fifth"), "restore.partial"), { recursive: true });
    const { code, stderr } = await cessS3(["serve", "--config", on.config("fifth")]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/a restore into the folder .* was not finished: remove all that is in it/);
  });
});
