import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { jobsSchema, objectSchema, statusSchema } from "../../src/cli/admin-answers.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { familiesOf, type Family } from "../support/metric-families.js";
import { untilStored } from "../support/object-state.js";
import { TraceReceiver } from "../support/trace-receiver.js";

const MIB = 2 ** 20;
const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const run = promisify(execFile);

/** Found nowhere in what the gateway logs or sends to others. */
const PLANTED = {
  endpointKey: "planted-endpoint-key",
  masterKey: randomBytes(32).toString("base64"),
  webhookToken: "planted-webhook-token",
  webhookUrl: "planted-webhook-url",
  secretKey: "planted-secret-access-key",
  sessionToken: "planted-session-token",
  signature: "bad51".repeat(12) + "bad5",
  customerKey: randomBytes(32).toString("base64"),
};

/** Families of what this gateway is not configured for. */
const CONDITIONAL = [
  "cess_s3_peers",
  "cess_s3_peer_kinds",
  "cess_s3_peer_fetches_total",
  "cess_s3_peer_fetched_bytes_total",
  "cess_s3_tls_certificate_expiry_timestamp_seconds",
  "cess_s3_database_clock_ahead_seconds",
  "cess_s3_mount_journal_age_seconds",
  "cess_s3_mount_failing",
  ...["memory_bytes", "request_failures_total", "requests_total", "spool_bytes"].map((n) => `cess_s3_staging_${n}`),
  ...["calls_total", "connected"].map((name) => `cess_s3_state_${name}`),
];

describe("Insight into a running gateway", function () {
  this.timeout(180_000);
  let folder: string;
  let network: DevNetwork;
  let traces: TraceReceiver;
  let gateway: GatewayProcess;
  let client: S3Client;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-insight-"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: 200, spec: 133 });
    traces = await TraceReceiver.start();
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, PLANTED.webhookToken);
    const [first, second] = network.users;
    const config = join(folder, "config.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        chain: {
          endpoints: [`${network.chainEndpoint}/?apikey=${PLANTED.endpointKey}`],
          mnemonic: network.gatewayMnemonic,
          blockMs: 200,
        },
        accounts: [
          { ...first, readsNetwork: true },
          { ...second, secretAccessKey: PLANTED.secretKey },
        ],
        dataDir: join(folder, "data"),
        allowPrivateNodes: true,
        encryption: { default: "none", masterKey: PLANTED.masterKey },
        peers: { listen: "127.0.0.1:0" },
        public: { listen: "127.0.0.1:0" },
        packing: { maxAgeSeconds: 3600 },
        notifications: {
          webhooks: [
            { name: "hook", url: `http://127.0.0.1:9/${PLANTED.webhookUrl}?${PLANTED.webhookUrl}`, tokenFile },
          ],
        },
        tracing: { endpoint: traces.url },
        logLevel: "trace",
      }),
    );
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    client = gateway.client();
    await client.send(new CreateBucketCommand({ Bucket: "box" }));
    await client.send(new PutObjectCommand({ Bucket: "box", Key: "large é.bin", Body: randomBytes(9 * MIB) }));
    await client.send(new PutObjectCommand({ Bucket: "box", Key: "small", Body: "hello" }));
  });
  after(async () => {
    client.destroy();
    await gateway.end();
    await network.close();
    await traces.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (...args: string[]) =>
    run(process.execPath, [join(root, "dist/src/main.js"), ...args, "--admin", gateway.admin]).then(
      ({ stdout }) => stdout,
    );

  describe("by its log", () => {
    it("begins with the version and what is configured", () => {
      const start = gateway.log().find(({ msg }) => msg === "cess-s3 has started");
      expect(start).to.include({ level: "info", region: "us-east-1", accounts: 2, encryption: "none" });
      expect(start).to.deep.include({ webhooks: ["hook"], chain: [new URL(network.chainEndpoint).host] });
      expect(start?.["version"]).to.equal(
        (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version,
      );
      expect(gateway.log().some(({ msg }) => msg === "connected to the chain")).to.equal(true);
    });

    it("has a line for each request, with who, what, how much and how long", async () => {
      const answer = await client.send(new GetObjectCommand({ Bucket: "box", Key: "small" }));
      await answer.Body?.transformToString();
      const requestId = answer.$metadata.requestId ?? "";
      await client.send(new GetObjectCommand({ Bucket: "box", Key: "absent" })).catch(() => undefined);
      await eventually("both lines are there", () => gateway.log().some(({ key }) => key === "absent"));
      const line = gateway.log().find((each) => each["requestId"] === requestId);
      expect(line).to.include({
        level: "info",
        msg: "request",
        account: "cessdev",
        accessKeyId: "cessdev",
        address: "127.0.0.1",
        method: "GET",
        operation: "GetObject",
        bucket: "box",
        key: "small",
        status: 200,
        receivedBytes: 0,
        sentBytes: 5,
      });
      expect(line?.["ms"]).to.be.a("number").and.least(Number(line?.["firstByteMs"]));
      expect(gateway.log().find(({ key }) => key === "absent")).to.include({ status: 404, error: "NoSuchKey" });
      const put = gateway.log().find(({ key, operation }) => operation === "PutObject" && key === "large é.bin");
      expect(put?.["receivedBytes"]).to.equal(9 * MIB);
    });

    it("says for how long a request waited for nodes", async () => {
      await untilStored(client, "box", "large é.bin");
      await gateway.dropCache();
      const answer = await client.send(new GetObjectCommand({ Bucket: "box", Key: "large é.bin" }));
      await answer.Body?.transformToByteArray();
      const of = () => gateway.log().find((each) => each["requestId"] === answer.$metadata.requestId);
      await eventually("the line is there", () => of() !== undefined);
      expect(of()).to.include({ sentBytes: 9 * MIB });
      expect(of()?.["nodesMs"]).to.be.greaterThan(0);
    });

    it("shows no secret, whatever it logs and wherever the secret comes from", async () => {
      const other = gateway.client(network.users[1]?.accessKeyId ?? "", PLANTED.secretKey);
      await other.send(new CreateBucketCommand({ Bucket: "second" }));
      other.destroy();
      // Headers, presigned URLs, and forms of Authorization that are refused.
      const url = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket: "box", Key: "small" })));
      const signature = url.searchParams.get("X-Amz-Signature") ?? "";
      expect((await fetch(url)).status).to.equal(200);
      url.searchParams.set("X-Amz-Signature", PLANTED.signature);
      expect((await fetch(url)).status).to.equal(403);
      url.searchParams.set("X-Amz-Security-Token", PLANTED.sessionToken);
      expect((await fetch(url)).status).to.be.within(400, 403);
      for (const authorization of [
        `AWS cessdev:${PLANTED.signature}`,
        `AWS4-HMAC-SHA256 Credential=cessdev/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${PLANTED.signature}`,
        `Bearer ${PLANTED.signature}`,
      ])
        expect((await fetch(`${gateway.endpoint}/box/small`, { headers: { authorization } })).status).to.be.within(
          400,
          403,
        );
      const md5 = createHash("md5").update(Buffer.from(PLANTED.customerKey, "base64")).digest("base64");
      const encrypted = { SSECustomerAlgorithm: "AES256", SSECustomerKey: PLANTED.customerKey, SSECustomerKeyMD5: md5 };
      await client.send(new PutObjectCommand({ Bucket: "box", Key: "sealed", Body: "x", ...encrypted }));
      await client.send(new GetObjectCommand({ Bucket: "box", Key: "sealed" })).catch(() => undefined);
      // A webhook that nobody answers, and a chain that goes away.
      await client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: "box",
          NotificationConfiguration: {
            QueueConfigurations: [{ QueueArn: "arn:cess:sqs::hook:webhook", Events: ["s3:ObjectCreated:*"] }],
          },
        }),
      );
      await client.send(new PutObjectCommand({ Bucket: "box", Key: "told", Body: "x" }));
      await eventually("the webhook's failure is logged", () =>
        gateway.log().some(({ webhook }) => webhook === "hook"),
      );
      await eventually("the last line is there", () => gateway.log().some(({ key }) => key === "told"));
      await eventually("a span of it is there", () => traces.text.includes("told"));
      const said = gateway.output + traces.text + (await gateway.metrics()) + (await ask("status", "--json"));
      const secrets = {
        ...PLANTED,
        signature2: signature,
        mnemonic: network.gatewayMnemonic,
        first: network.users[0]!.secretAccessKey,
      };
      for (const [name, secret] of Object.entries(secrets)) expect(said.includes(secret), name).to.equal(false);
      expect(said).to.not.match(/X-Amz-Signature/i);
    });
  });

  describe("by its metrics", () => {
    let families: readonly Family[];
    before(async () => {
      families = familiesOf(await gateway.metrics());
    });

    it("keeps Prometheus' conventions in every family of its own", () => {
      const own = families.filter(({ name }) => name.startsWith("cess_s3_"));
      expect(own.length).to.be.greaterThan(60);
      const faults = own.flatMap(({ name, type, help, samples }) => [
        ...(/^cess_s3(_[a-z0-9]+)+$/.test(name) ? [] : [`${name} is not in snake_case`]),
        ...(help.length < 10 || help.endsWith(".") ? [`${name} has no help, or one with a full stop`] : []),
        ...((type === "counter") === name.endsWith("_total") ? [] : [`${name} is a ${type}`]),
        ...(/_(ms|milliseconds|minutes|hours|days|kib|mib|kilobytes|megabytes)(_|$)/.test(name)
          ? [`${name} is not in base units`]
          : []),
        ...(/(bytes|seconds)/.test(name) && !/_(bytes|seconds)(_total)?$/.test(name)
          ? [`${name}: its unit is not last`]
          : []),
        ...samples.flatMap(({ labels }) =>
          Object.entries(labels).flatMap(([label, value]) => [
            ...(/^[a-z][a-z0-9_]*$/.test(label) ? [] : [`${name}: the label ${label}`]),
            ...(/^(operation|error_code|call|account|territory|node_version|le)$/.test(label) ||
            /^[a-z0-9_.-]+$/.test(value)
              ? []
              : [`${name}: the value ${value} of ${label}`]),
          ]),
        ),
      ]);
      expect(faults).to.deep.equal([]);
    });

    it("shows them all in docs/monitoring.md, and no others there", () => {
      const page = readFileSync(join(root, "docs/monitoring.md"), "utf8");
      const documented = new Set([...page.matchAll(/\bcess_s3_[a-z0-9_]+/g)].map(([name]) => name));
      const own = families.map(({ name }) => name).filter((name) => name.startsWith("cess_s3_"));
      expect(own.filter((name) => !documented.has(name))).to.deep.equal([]);
      expect([...documented].filter((name) => !own.includes(name) && !CONDITIONAL.includes(name))).to.deep.equal([]);
    });

    it("has every family that the dashboard and the alerts ask for", () => {
      const suffix = /_(bucket|sum|count)$/;
      const known = new Set(families.map(({ name }) => name));
      for (const path of ["deploy/grafana.json", "deploy/alerts.yaml"]) {
        const text = readFileSync(join(root, path), "utf8");
        const asked = new Set([...text.matchAll(/\b(?:cess_s3|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name));
        expect(asked.size, path).to.be.greaterThan(10);
        const missing = [...asked].filter(
          (name) => !known.has(name) && !known.has(name.replace(suffix, "")) && !CONDITIONAL.includes(name),
        );
        expect(missing, path).to.deep.equal([]);
      }
    });

    it("counts requests with their errors, times and bytes", async () => {
      const value = (name: string) => gateway.metric(name);
      expect(await value('cess_s3_requests_total{operation="PutObject",status="200"}')).to.be.least(2);
      expect(await value('cess_s3_request_errors_total{operation="GetObject",error_code="NoSuchKey"}')).to.be.least(1);
      expect(await value('cess_s3_request_received_bytes_total{operation="PutObject"}')).to.be.least(9 * MIB);
      expect(await value('cess_s3_request_first_byte_seconds_count{operation="GetObject"}')).to.be.least(2);
      expect(await value("cess_s3_requests_in_flight")).to.equal(0);
      expect(await value('cess_s3_chain_calls_total{call="fileBank.uploadDeclaration",result="success"}')).to.be.least(
        1,
      );
      expect(await value('cess_s3_fragments_total{result="sent"}')).to.be.least(12);
      expect(await value("cess_s3_chain_fee_balance_tokens")).to.be.greaterThan(0);
      expect(await value("cess_s3_chain_lag_seconds")).to.be.within(0, 60);
      const name = network.users[0]?.name ?? "";
      expect(await gateway.sum("cess_s3_territory_size_bytes"), name).to.be.greaterThan(0);
    });
  });

  describe("by its commands", () => {
    it("tells how it is, for people and as JSON", async () => {
      const status = statusSchema.parse(JSON.parse(await ask("status", "--json")));
      expect(status).to.deep.include({ ready: true, reasons: [] });
      expect(status.chain).to.include({ connected: true, endpoint: new URL(network.chainEndpoint).host });
      expect(status.objects["stored"]).to.be.least(1);
      expect(status.packs.waitingObjects).to.be.least(1);
      expect(status.staged.oldest).to.be.a("string");
      expect(status.territories).to.have.length(2);
      const text = await ask("status");
      expect(text)
        .to.match(/^ready +yes$/m)
        .and.match(/^chain +connected to 127/m);
    });

    it("tells of a stored object who holds it, and of a small one what it waits for", async () => {
      const stored = objectSchema.parse(JSON.parse(await ask("object", "box", "large é.bin", "--json")));
      expect(stored).to.include({ key: "large é.bin", size: 9 * MIB, state: "stored", redundancy: 12 });
      expect(stored.waiting).to.deep.equal([]);
      const [file] = stored.files;
      expect(file?.segments).to.have.length(1);
      expect(file?.segments[0]?.holders.map(({ index }) => index)).to.deep.equal([...Array(12).keys()]);
      expect(file?.challenges, "the dev network's chain keeps none").to.equal("none");
      for (const holder of file?.segments[0]?.holders ?? [])
        expect(holder).to.include({ fragment: "held", state: "positive" });
      const text = await ask("object", "box", "small");
      expect(text)
        .to.match(/^state +staged$/m)
        .and.match(/^waits +waits for other small objects to share a pack with, until 20/m);
      const absent = await ask("object", "box", "absent").catch(
        (error: unknown) => (error as { stderr: string }).stderr,
      );
      expect(absent).to.equal('cess-s3: there is no such object: "box/absent"\n');
    });

    it("lists a job that fails with its reason, says it of the object, and tries again when told to", async () => {
      for (const { n } of await network.nodes()) network.setFault(n, "down");
      try {
        await client.send(new PutObjectCommand({ Bucket: "box", Key: "stuck", Body: randomBytes(9 * MIB) }));
        const job = await eventually("the job fails", async () => {
          const { jobs } = jobsSchema.parse(JSON.parse(await ask("jobs", "--json")));
          return jobs.find(({ state }) => state === "failing");
        });
        expect(job).to.include({ kind: "store" });
        expect(job.failure).to.be.a("string");
        const [why] = objectSchema.parse(JSON.parse(await ask("object", "box", "stuck", "--json"))).waiting;
        expect(why).to.match(
          /attempt \d+ of job \d+ failed because .+; next try at 20|being sent to storage nodes now/,
        );
        expect(await ask("jobs")).to.contain("failed because");
        // Not while a worker has it.
        const retry = () => ask("jobs", "retry", job.id).catch(() => "");
        expect(await eventually("it is tried again", async () => (await retry()) || undefined)).to.equal(
          "1 is tried again now\n",
        );
      } finally {
        for (const { n } of await network.nodes()) network.setFault(n, "none");
      }
      expect(await ask("jobs", "retry", "--all")).to.match(/^[01] (is|are) tried again now\n$/);
      await untilStored(client, "box", "stuck");
      const refused = await ask("jobs", "retry", "999999").catch(
        (error: unknown) => (error as { stderr: string }).stderr,
      );
      expect(refused).to.contain("no job 999999 waits");
    });
  });

  describe("by traces", () => {
    it("sends a span for each request, with what it waited for below it, in the client's trace", async () => {
      const traceId = randomBytes(16).toString("hex");
      const parent = randomBytes(8).toString("hex");
      const key = "traced";
      client.middlewareStack.add(
        (next) => (args) => {
          Object.assign((args.request as { headers: object }).headers, { traceparent: `00-${traceId}-${parent}-01` });
          return next(args);
        },
        { step: "finalizeRequest", name: "traceparent", priority: "low" },
      );
      await client.send(new PutObjectCommand({ Bucket: "box", Key: key, Body: "hello" }));
      client.middlewareStack.remove("traceparent");
      const own = () => traces.spans.filter((span) => span.traceId === traceId);
      await eventually("the spans are there", () => own().some(({ name }) => name === "PutObject"));
      const request = own().find(({ name }) => name === "PutObject")!;
      expect(request.parentSpanId).to.equal(parent);
      expect(request.attributes).to.include({
        "http.request.method": "PUT",
        "http.response.status_code": 200,
        "aws.s3.bucket": "box",
        "aws.s3.key": key,
        "url.path": `/box/${key}`,
      });
      const children = own().filter(({ parentSpanId }) => parentSpanId === request.spanId);
      expect(children.map(({ name }) => name)).to.include.members(["staging write", "catalog objects put"]);
    });

    it("has spans of jobs, of the chain's calls and of transfers to nodes below them", async () => {
      await eventually("they are there", () => traces.spans.some(({ name }) => name === "chain declare"));
      const job = (name: string) => {
        const span = traces.spans.find((each) => each.name === name);
        return traces.spans.find(({ spanId }) => spanId === span?.parentSpanId)?.name;
      };
      expect(job("chain declare")).to.equal("job store");
      expect(job("node put")).to.equal("job store");
      expect(traces.spans.find(({ name }) => name === "node get")).to.not.equal(undefined);
    });
  });
});
