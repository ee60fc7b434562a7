import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent as HttpsAgent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Agent, request } from "undici";
import { Command } from "../support/command.js";
import { auditRecords } from "../support/audit-records.js";
import { addresses } from "../support/identity-endpoint.js";
import type { CreatedKeyView } from "../../src/cli/gateway/identity-requests.js";
import { eventually } from "../support/eventually.js";
import { loopbackCertificate, renewedCertificate } from "../support/loopback-certificate.js";

const TOKEN = "planted-token-of-the-operator";
const PRINTED = /S3 endpoint (https?:\S+), .*metrics at (https?:[^\s;]+)(?:.*; peers at ([^\s;]+))?/;

describe("A gateway whose listeners are secured", function () {
  this.timeout(120_000);
  let folder: string;
  let commands: Command[];
  let clients: S3Client[];
  let config: Record<string, unknown>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-listeners-"));
    [commands, clients] = [[], []];
    config = {
      listen: "127.0.0.1:0",
      adminListen: "0.0.0.0:0",
      dataDir: join(folder, "data"),
      // No chain is there: the gateway serves without, and is not ready.
      chain: { endpoints: ["ws://127.0.0.1:1"], mnemonic: "//Gateway" },
      encryption: { default: "none" },
      accounts: [account("ALICE", "planted-secret-1")],
      tls: writePair(loopbackCertificate),
      admin: { tokenFile: write("token", TOKEN) },
    };
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await Promise.all(commands.map((command) => command.kill("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });

  const account = (accessKeyId: string, secretAccessKey: string) => ({
    name: "alice",
    cessAccount: "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y",
    territory: "photos",
    accessKeyId,
    secretAccessKey,
  });
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const writePair = ({ cert, key }: { cert: string; key: string }) => ({
    certFile: write("tls.crt", cert),
    keyFile: write("tls.key", key),
  });
  const writeConfig = (change: object = {}) => write("cess-s3.yaml", JSON.stringify(Object.assign(config, change)));
  const command = (...args: string[]) => {
    const started = Command.start(args);
    commands.push(started);
    return started;
  };
  const serve = async () => {
    const gateway = command("serve", "--config", writeConfig());
    await gateway.says("metrics at");
    const [, s3 = "", admin = "", peers = ""] = PRINTED.exec(gateway.output) ?? [];
    const here = (url: string) => url.replace("0.0.0.0", "127.0.0.1");
    return { gateway, s3, admin: here(admin), peers: here(peers) };
  };
  const client = (endpoint: string, key: string, secret: string, ca = loopbackCertificate.cert) => {
    const made = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: key, secretAccessKey: secret },
      requestHandler: { httpsAgent: new HttpsAgent({ ca, keepAlive: false }) },
    });
    clients.push(made);
    return made;
  };
  const lists = (...args: Parameters<typeof client>) =>
    client(...args)
      .send(new ListBucketsCommand({}))
      .then(
        () => "listed",
        (error: unknown) => (error as { code?: string }).code ?? (error as Error).name,
      );
  const ask = async (
    url: string,
    method: "GET" | "DELETE",
    authorization?: string,
    { cert: ca } = loopbackCertificate,
  ) => {
    const dispatcher = new Agent({ connect: { ca } });
    try {
      const answer = await request(url, { method, dispatcher, headers: authorization ? { authorization } : {} });
      return { status: answer.statusCode, text: await answer.body.text() };
    } finally {
      await dispatcher.close();
    }
  };
  const audit = () => auditRecords(join(folder, "data"));

  it("serves S3 by TLS to clients that verify it, and policies know that the transport is secure", async () => {
    const { s3 } = await serve();
    expect(s3).to.match(/^https:/);
    const sdk = client(s3, "ALICE", "planted-secret-1");
    await sdk.send(new CreateBucketCommand({ Bucket: "photos" }));
    const policy = (secure: string) =>
      sdk.send(
        new PutBucketPolicyCommand({
          Bucket: "photos",
          Policy: JSON.stringify({
            Statement: [
              {
                Effect: "Deny",
                Principal: "*",
                Action: "s3:ListBucket",
                Resource: "arn:aws:s3:::photos",
                Condition: { Bool: { "aws:SecureTransport": secure } },
              },
            ],
          }),
        }),
      );
    const list = () =>
      sdk.send(new ListObjectsV2Command({ Bucket: "photos" })).catch((error: unknown) => (error as Error).name);
    await policy("false");
    expect(await list()).to.be.an("object");
    await policy("true");
    expect(await list()).to.equal("AccessDenied");
    expect(await lists(s3, "ALICE", "planted-secret-1", renewedCertificate.cert)).to.match(/SELF_SIGNED|SIGNATURE/);
    const plain = await fetch(s3.replace("https:", "http:"));
    expect([plain.status, await plain.text()]).to.deep.equal([
      400,
      "This port speaks TLS: use a URL that begins with https://\n",
    ]);
  });

  it("asks for the token on an admin listener that others can reach, and its own commands send it", async () => {
    const { admin } = await serve();
    expect(admin).to.match(/^https:/);
    expect((await ask(`${admin}/health/live`, "GET")).status).to.equal(200);
    expect(JSON.parse((await ask(`${admin}/health/ready`, "GET")).text)).to.deep.equal({ status: "not ready" });
    expect((await ask(`${admin}/metrics`, "GET")).status).to.equal(401);
    expect((await ask(`${admin}/cache`, "DELETE", "Bearer wrong-token-of-someone")).status).to.equal(401);
    expect((await ask(`${admin}/cache`, "DELETE", `Bearer ${TOKEN}`)).status).to.equal(200);
    const { text } = await ask(`${admin}/metrics`, "GET", `Bearer ${TOKEN}`);
    expect(text).to.match(/cess_s3_tls_certificate_expiry_timestamp_seconds 4\d{9}/);
    expect(text).to.contain('cess_s3_rate_limited_requests_total{by="address"} 0');
    // The port is not 0 to the command: it must be told.
    const port = new URL(admin).port;
    const told = writeConfig({ adminListen: `0.0.0.0:${port}` });
    const live = await command("health", "--config", told).end();
    expect([live.code, live.output]).to.deep.equal([0, "live\n"]);
    const ready = await command("health", "--ready", "--config", told).end();
    expect(ready.code).to.equal(1);
    expect(ready.output).to.contain("not ready").and.contain("chain: the chain cannot be used");
  });

  it("takes accounts and keys from its commands, which find address, certificate and token in the configuration", async () => {
    const { admin, s3 } = await serve();
    const told = ["--config", writeConfig({ adminListen: `0.0.0.0:${new URL(admin).port}` })];
    const done = async (...args: string[]) => {
      const { code, output } = await command(...args, ...told).end();
      expect(code, output).to.equal(0);
      return output;
    };
    await done("account", "add", "bob", "--cess-account", addresses.dev, "--territory", "home");
    const created = JSON.parse(await done("key", "create", "bob", "--json")) as CreatedKeyView;
    expect(await lists(s3, created.accessKeyId, created.secretAccessKey)).to.equal("listed");
    await client(s3, created.accessKeyId, created.secretAccessKey).send(new CreateBucketCommand({ Bucket: "box" }));
    await done("bucket", "quota", "box", "--objects", "7");
    await done("jobs");
    await done("backup", join(folder, "backup.tar"));
    const status = await command("status", ...told).end();
    expect([status.code, status.output]).to.satisfy(() => status.code === 1 && status.output.includes("chain"));
    const absent = await command("object", "box", "absent", ...told).end();
    expect([absent.code, absent.output]).to.satisfy(() => absent.code === 1 && absent.output.includes("absent"));
    await done("key", "revoke", created.accessKeyId);
    expect(await lists(s3, created.accessKeyId, created.secretAccessKey)).to.equal("InvalidAccessKeyId");

    config["admin"] = {};
    const without = await command(
      "key",
      "list",
      "--config",
      writeConfig({ adminListen: "127.0.0.1:1" }),
      "--admin",
      admin,
    ).end();
    expect(without.output, "a certificate that is nobody's").to.match(/self.signed/);
    const acts = audit().filter(({ act }) => act !== "start");
    expect(acts.map(({ act, subject }) => `${act} ${subject.replace(/[0-9a-f-]{36}/, "ID")}`)).to.deep.equal([
      "POST /accounts",
      "POST /keys",
      "POST /buckets/box/quota",
      "POST /blob-holds",
      "POST /blob-holds/ID/release",
      `DELETE /keys/${created.accessKeyId}`,
    ]);
    for (const { by } of acts) expect(by).to.match(/^token [0-9a-f]{8} from 127\.0\.0\.1$/);
    expect(JSON.stringify(acts)).to.not.contain(created.secretAccessKey);
  });

  it("uses a certificate that was renewed on the disk at all listeners, to clients that verify it, without a signal", async () => {
    config["peers"] = { listen: "0.0.0.0:0" };
    const { s3, admin, peers } = await serve();
    expect(peers).to.match(/^https:/);
    // It has no such file, and says so in its own words.
    const download = `${peers}/file/download/${"0".repeat(64)}`;
    const all = async (pair: { readonly cert: string }) => [
      await lists(s3, "ALICE", "planted-secret-1", pair.cert),
      ...(await Promise.all(
        [`${admin}/health/live`, download].map((url) =>
          ask(url, "GET", undefined, pair as typeof loopbackCertificate).then(
            ({ status }) => status,
            () => "not verified",
          ),
        ),
      )),
    ];
    expect(await all(loopbackCertificate)).to.deep.equal(["listed", 200, 404]);
    expect((await all(renewedCertificate)).slice(1)).to.deep.equal(["not verified", "not verified"]);
    writePair(renewedCertificate);
    await eventually("the renewed certificate is used", async () => (await all(renewedCertificate))[1] === 200);
    expect(await all(renewedCertificate)).to.deep.equal(["listed", 200, 404]);
    expect((await all(loopbackCertificate)).slice(1)).to.deep.equal(["not verified", "not verified"]);
  });

  it("reads its configuration again on SIGHUP, and goes on with the old one where that is wrong", async () => {
    const { gateway, s3, admin } = await serve();
    expect(await lists(s3, "ALICE", "planted-secret-1")).to.equal("listed");
    const renewed = renewedCertificate.cert;

    config["tls"] = writePair(renewedCertificate);
    writeConfig({ accounts: [account("BOB", "planted-secret-2")], cache: { disk: "1GiB" } });
    gateway.signal("SIGHUP");
    await gateway.says("need a restart");
    await gateway.says('"settings":["cache.disk"]');
    expect(await lists(s3, "BOB", "planted-secret-2", renewed)).to.equal("listed");
    expect(await lists(s3, "ALICE", "planted-secret-1", renewed)).to.equal("InvalidAccessKeyId");

    write("cess-s3.yaml", "listen: [");
    gateway.signal("SIGHUP");
    await gateway.says("was not read again");
    expect(await lists(s3, "BOB", "planted-secret-2", renewed)).to.equal("listed");

    writeConfig({ logLevel: "error", accounts: [account("CAROL", "planted-secret-3")], admin: {} });
    gateway.signal("SIGHUP");
    await gateway.says("can be reached from other machines");
    expect(await lists(s3, "BOB", "planted-secret-2", renewed)).to.equal("listed");

    const old = await ask(`${admin}/health/live`, "GET").catch((error: unknown) => (error as Error).message);
    expect(old).to.match(/self.signed|signature/);
    gateway.signal("SIGTERM");
    expect((await gateway.end()).code).to.equal(0);
    expect(gateway.output).to.not.contain("planted");
  });

  it("records starts, ends, reloads and what was done by the admin listener, without secrets", async () => {
    const { gateway, admin } = await serve();
    await ask(`${admin}/cache`, "DELETE", `Bearer ${TOKEN}`);
    await ask(`${admin}/cache`, "DELETE");
    gateway.signal("SIGHUP");
    await gateway.says("the configuration was read again");
    await eventually("the reload is recorded", () => audit().length === 3);
    gateway.signal("SIGTERM");
    await gateway.end();
    expect(audit().map(({ act, subject, result }) => [act, subject, result].join(" "))).to.deep.equal([
      `start ${PRINTED.exec(gateway.output)?.[1]} done`,
      "DELETE /cache 200",
      "reload configuration done",
      `stop ${PRINTED.exec(gateway.output)?.[1]} done`,
    ]);
    expect(audit()[0]?.by).to.match(/^user .*\(uid \d+\)$/);
    expect(audit()[1]?.by).to.match(/^token [0-9a-f]{8} from 127\.0\.0\.1$/);
    const path = join(folder, "data", "audit.log");
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readFileSync(path, "utf8")).to.not.contain("planted");
  });

  it("does not start where its listeners would not be safe, and says why", async () => {
    const refused = async (change: object, words: string) => {
      const { code, output } = await command("serve", "--config", writeConfig(change)).end();
      expect([code, output]).to.satisfy(
        () => code === 1 && output.startsWith("cess-s3: ") && output.includes(words),
        output,
      );
      expect(output).to.not.contain("    at ").and.not.contain("planted");
    };
    await refused({ admin: {} }, "CESS_S3_ADMIN_TOKEN_FILE");
    await refused({ admin: { tokenFile: write("short", "short") } }, "16 to 1024");
    config["admin"] = { tokenFile: join(folder, "token") };
    write("tls.key", renewedCertificate.key);
    await refused({}, "does not belong");
  });
});
