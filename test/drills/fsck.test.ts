import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import Database from "libsql";
import type { Finding } from "../../src/cli/fsck/finding.js";
import { newBlobName } from "../../src/blobs/blob-id.js";
import { auditRecords } from "../support/audit-records.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { objectState, untilStored } from "../support/object-state.js";
import { ServeFixture } from "../support/serve-fixture.js";

const Bucket = "checked";
const KIB = 1024;

describe("cess-s3 fsck", function () {
  this.timeout(180_000);
  let on: ServeFixture;
  /** Staged files of the objects of that name. */
  const files: Record<string, string> = {};
  const blobs = (...path: string[]) => join(on.dataDir("gateway"), "blobs", ...path);
  const fsck = async (...options: string[]) => {
    const { code, stdout, stderr } = await cessS3(["fsck", "--json", "--config", on.config("gateway"), ...options]);
    if (code === 2) expect.fail(stderr);
    return { code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
  };
  const found = (findings: readonly Finding[]) => findings.map(({ kind, subject }) => `${kind}: ${subject}`).sort();
  /** Changes the catalog as it lies on the disk. */
  const change = (...statements: string[]) => {
    const database = new Database(join(on.dataDir("gateway"), "catalog.sqlite"));
    for (const statement of statements) database.exec(statement);
    database.close();
  };
  const query = (text: string) => {
    const database = new Database(join(on.dataDir("gateway"), "catalog.sqlite"));
    try {
      return database.prepare(text).all() as Record<string, string>[];
    } finally {
      database.close();
    }
  };

  before(async () => {
    on = await ServeFixture.start();
    const gateway = await on.serve("gateway");
    const client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket }));
    for (const Key of ["stored", "forgotten"]) {
      await client.send(
        new PutObjectCommand({ Bucket, Key, Body: randomBytes(200 * KIB), Metadata: { "cess-layout": "own-file" } }),
      );
      await untilStored(client, Bucket, Key, 120_000);
    }
    on.nodesFail("down");
    for (const Key of ["missing", "short", "whole", "aside"]) {
      await client.send(
        new PutObjectCommand({ Bucket, Key, Body: randomBytes(100 * KIB), Metadata: { "cess-layout": "own-file" } }),
      );
      await eventually(`${Key} is a file on its way`, async () => {
        const { state } = await objectState(client, Bucket, Key);
        return state !== "staged";
      });
    }
    await client.send(new GetObjectCommand({ Bucket, Key: "whole" }));
    await gateway.end();
    for (const { key, blob } of query(
      "select key, blob from versions join version_blobs on version_blobs.version_id = versions.id" +
        " union select key, blob from versions join extents on extents.version_id = versions.id join file_blobs using (file_id)",
    ))
      files[key!] = blobs(blob!.charAt(0), blob!);
  });
  after(() => on.end());

  it("finds nothing where nothing is wrong", async () => {
    expect(await fsck()).to.deep.equal({ code: 0, findings: [] });
    const { code, stdout } = await cessS3(["fsck", "--config", on.config("gateway")]);
    expect([code, stdout]).to.deep.equal([0, "nothing is wrong\n"]);
  });

  it("says what it could not do, with code 2, and does not make a folder", async () => {
    const { code, stderr } = await cessS3(["fsck", "--config", on.config("no-such")]);
    expect([code, stderr]).to.deep.equal([
      2,
      `cess-s3: there is no catalog at ${on.dataDir("no-such")}/catalog.sqlite: is dataDir (CESS_S3_DATA_DIR) right?\n`,
    ]);
    expect(readdirSync(on.folder)).not.to.include("no-such");
  });

  it("finds each difference that was planted, names it, and mends those that can be", async () => {
    rmSync(files["missing"]!);
    truncateSync(files["short"]!, 50 * KIB);
    const aside = files["aside"]!;
    renameSync(aside, blobs("quarantine", `blob.${aside.split("/").at(-1)!}.${Date.now()}`));
    const orphan = newBlobName();
    writeFileSync(blobs(orphan.charAt(0), orphan), "nobody needs this");
    const cache = join(on.dataDir("gateway"), "cache");
    mkdirSync(cache, { recursive: true });
    const fragment = createHash("sha256").update("not of these bytes").digest("hex");
    writeFileSync(join(cache, fragment), "other bytes");
    const [forgotten] = query(
      "select files.id as id, files.fid as fid from files join extents on file_id = files.id where version_id in (select id from versions where key = 'forgotten')",
    );
    const [stored] = query(
      "select files.id as id, files.fid as fid from files join extents on file_id = files.id where version_id in (select id from versions where key = 'stored')",
    );
    const phantom = "f".repeat(64);
    const [staged] = query("select files.id as id, fid from files where state <> 'stored' order by id limit 1");
    change(
      // What the catalog forgets of a file that is stored on the chain.
      `delete from extents where file_id = ${forgotten!["id"]}`,
      `delete from files where id = ${forgotten!["id"]}`,
      // What it believes of a file that is not.
      `update files set fid = '${phantom}' where id = ${stored!["id"]}`,
      "insert into pack_queue (version_id, owner, packed, size, queued_at) values (999999, 'x', 'plain', 1, 1)",
      "insert into jobs (kind, subject, due_at, leased, woken, attempt) values ('encode', 999999, 0, 0, 0, 0)",
      `delete from jobs where kind = 'store' and subject = ${staged!["id"]}`,
      "update bucket_usage set bytes = bytes + 7, objects = objects - 1",
    );
    const first = await fsck();
    const expected = [
      "blob-in-quarantine: checked/aside",
      "blob-missing: checked/missing",
      "blob-short: checked/short",
      "blob-unlinked: 1 staged blobs, 17 bytes",
      `cache-damaged: ${join(cache, fragment)}`,
      `file-not-on-chain: file ${phantom} of dev`,
      `file-unknown: file ${forgotten!["fid"]} of dev`,
      // The one of which the catalog has another FID now.
      `file-unknown: file ${stored!["fid"]} of dev`,
      `file-without-job: file ${staged!["fid"]}`,
      "row-for-nothing: 12 placements of files that do not exist",
      "row-for-nothing: 1 jobs to encode objects that do not exist",
      "row-for-nothing: 1 places in the pack queue of objects that do not exist",
      "usage-wrong: bucket checked",
    ];
    const comparable = (findings: readonly Finding[]) =>
      // Staged bytes may be linked by the object, by its file, or by both.
      [
        ...new Set(found(findings).map((line) => (/^blob-(?!unlinked)/.test(line) ? line.replace(/: .*/, "") : line))),
      ].sort();
    const kinds = (lines: readonly string[]) =>
      lines.map((line) => (/^blob-(?!unlinked)/.test(line) ? line.replace(/: .*/, "") : line)).sort();
    expect(first.code).to.equal(1);
    expect(comparable(first.findings).map((line) => line.replace(/ of \w+$/, ""))).to.deep.equal(
      kinds(expected).map((line) => line.replace(/ of \w+$/, "")),
    );
    for (const { meaning, remedy } of first.findings)
      expect([meaning.length > 20, remedy.length > 10]).to.deep.equal([true, true]);

    const mended = await fsck("--repair");
    expect(mended.code, "not all can be mended").to.equal(1);
    const acts = auditRecords(on.dataDir("gateway")).filter(({ act }) => act === "fsck");
    expect(acts, "only what may change something is recorded").to.have.length(1);
    expect(acts[0]?.details).to.deep.equal({ repair: true, acceptCatalog: false });
    expect(acts[0]?.result).to.match(/^\d+ findings, \d+ of them mended$/);
    const left = (await fsck()).findings;
    expect([...new Set(left.map(({ kind }) => kind))].sort()).to.deep.equal([
      "blob-missing",
      "blob-short",
      "file-not-on-chain",
      "file-unknown",
    ]);
    expect(readdirSync(blobs("quarantine"))).to.have.length(1);
  });

  it("is refused while a gateway has the folder", async () => {
    const gateway = await on.serve("gateway", { unready: true });
    const { code, stderr } = await cessS3(["fsck", "--config", on.config("gateway")]);
    expect(code).to.equal(2);
    expect(stderr).to.match(/is in use by cess-s3 serve/);
    await gateway.end();
  });
});
