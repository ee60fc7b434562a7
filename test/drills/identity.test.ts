import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import type { AccountView, CreatedKeyView } from "../../src/cli/gateway/identity-requests.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { auditRecords } from "../support/audit-records.js";
import { addresses, codeOf } from "../support/identity-endpoint.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");

describe("cess-s3 account, key and bucket", () => {
  let folder: string;
  let gateway: GatewayProcess | undefined;
  const environment = () => ({ CESS_S3_DATA_DIR: join(folder, "data"), CESS_S3_DEV_BLOCK_MS: "200" });

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-identity-"))));
  afterEach(async () => {
    await gateway?.end("SIGKILL");
    gateway = undefined;
    rmSync(folder, { recursive: true });
  });

  /** What a command prints; rejects with what it says when it fails. */
  function command(args: readonly string[], more: Record<string, string> = {}): Promise<string> {
    const env = { ...process.env, ...environment(), ...more };
    return new Promise((resolve, reject) =>
      execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) =>
        error ? reject(new Error(stderr)) : resolve(stdout),
      ),
    );
  }
  const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse(await command([...args, "--json"])) as T;
  const refusal = (args: readonly string[], more?: Record<string, string>) =>
    command(args, more).then(
      (said) => expect.fail(`it was done: ${said}`),
      (error: unknown) => (error as Error).message,
    );

  it("change a running gateway over its admin listener, and its data folder when none runs", async () => {
    gateway = await GatewayProcess.start(["dev"], environment());
    const { admin } = gateway;
    const online = ["--admin", admin];
    const policy = join(folder, "policy.json");
    writeFileSync(policy, JSON.stringify({ Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] }));
    const key = await json<CreatedKeyView>("key", "create", "cessdev", "--policy", policy, ...online);
    const client = () => gateway!.client(key.accessKeyId, key.secretAccessKey);
    await client().send(new CreateBucketCommand({ Bucket: "box" }));
    await client().send(new PutObjectCommand({ Bucket: "box", Key: "a", Body: "12345" }));
    expect(await command(["bucket", "quota", "box", "--bytes", "1KiB", ...online])).to.match(
      /box +5 +0 +1 +1024 bytes/,
    );
    const large = new PutObjectCommand({ Bucket: "box", Key: "b", Body: "x".repeat(1024) });
    expect(await codeOf(client().send(large))).to.equal("QuotaExceeded");

    const sts = new STSClient({ endpoint: gateway.endpoint, region: "us-east-1", credentials: key });
    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: "arn:aws:iam::1:role/r", RoleSessionName: "job" }));
    sts.destroy();
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = assumed.Credentials ?? {};
    // Another process on the same folder, with no admin listener to ask, must not write past the gateway.
    const elsewhere = { CESS_S3_ADMIN_LISTEN: "127.0.0.1:1" };
    expect(await refusal(["key", "revoke", key.accessKeyId], elsewhere)).to.contain("is in use by cess-s3 dev");
    expect(gateway.output).to.not.contain(key.secretAccessKey);

    await gateway.end();
    const offline = await command(["key", "list"], elsewhere);
    expect(offline).to.contain(key.accessKeyId).and.not.contain(key.secretAccessKey);
    const add = ["account", "add", "carol", "--cess-account", addresses.more, "--territory", "home", "--objects", "7"];
    await command(add, elsewhere);
    const carol = JSON.parse(await command(["key", "create", "carol", "--json"], elsewhere)) as CreatedKeyView;

    gateway = await GatewayProcess.start(["dev"], environment());
    await client().send(new ListBucketsCommand({}));
    // A session outlives the process: nothing of it was kept there.
    const session = gateway.client(AccessKeyId, SecretAccessKey, SessionToken);
    await session.send(new ListBucketsCommand({}));
    const again = ["--admin", gateway.admin];
    const accounts = await json<AccountView[]>("account", "list", ...again);
    expect(accounts.find(({ name }) => name === "carol")).to.deep.include({ disabled: false, quota: { objects: 7 } });
    const carols = gateway.client(carol.accessKeyId, carol.secretAccessKey);
    await carols.send(new ListBucketsCommand({}));
    await command(["account", "disable", "carol", ...again]);
    expect(await codeOf(carols.send(new ListBucketsCommand({})))).to.equal("InvalidAccessKeyId");
    await command(["key", "revoke", key.accessKeyId, ...again]);
    expect(await codeOf(client().send(new ListBucketsCommand({})))).to.equal("InvalidAccessKeyId");
    expect(await codeOf(session.send(new ListBucketsCommand({})))).to.equal("InvalidAccessKeyId");

    const acts = auditRecords(join(folder, "data")).filter(({ act }) => act === "POST" || act === "DELETE");
    expect(acts.map(({ act, subject, result, made = "" }) => [act, subject, result, made])).to.deep.equal([
      ["POST", "/keys", "201", key.accessKeyId],
      ["POST", "/buckets/box/quota", "200", ""],
      ["POST", "/accounts", "201", ""],
      ["POST", "/keys", "201", carol.accessKeyId],
      ["POST", "/accounts/carol/disable", "200", ""],
      ["DELETE", `/keys/${key.accessKeyId}`, "200", ""],
    ]);
    expect(acts.map(({ by }) => by.replace(/^user .* \(uid \d+\)/, "user"))).to.deep.equal([
      ...Array<string>(2).fill("127.0.0.1, without a token"),
      ...Array<string>(2).fill("user, on the data folder"),
      ...Array<string>(2).fill("127.0.0.1, without a token"),
    ]);
    expect(JSON.stringify(acts)).to.not.contain(key.secretAccessKey).and.not.contain(carol.secretAccessKey);
  });

  it("touch no folder that has no catalog, and make none", async () => {
    const said = await refusal(["key", "list"], { CESS_S3_ADMIN_LISTEN: "127.0.0.1:1" });
    expect(said).to.contain("no gateway answers at http://127.0.0.1:1").and.contain("has no catalog to work on");
    expect(existsSync(join(folder, "data"))).to.equal(false);
  });
});
