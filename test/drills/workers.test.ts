import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Agent, request } from "undici";
import { createdKeyView } from "../../src/cli/gateway/identity-requests.js";
import { statusSchema, type ProcessAnswer } from "../../src/cli/admin-answers.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { ServeFixture } from "../support/serve-fixture.js";
import { untilStored } from "../support/object-state.js";

/** Connections are dealt out in turn: of so many clients each process has some. */
const CLIENTS = 4;

describe("A gateway of several processes", function () {
  this.timeout(180_000);
  let folder: string;
  let gateway: GatewayProcess;
  let clients: S3Client[];
  const start = async () => {
    gateway = await GatewayProcess.start(["dev"], {
      CESS_S3_DATA_DIR: join(folder, "data"),
      CESS_S3_WORKERS: "2",
      CESS_S3_LOG_LEVEL: "info",
      CESS_S3_BLOCK_PUBLIC_ACCESS: "false",
    });
    clients = Array.from({ length: CLIENTS }, () => gateway.client());
  };
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-workers-"));
    await start();
    await clients[0]?.send(new CreateBucketCommand({ Bucket: "shared" }));
  });
  after(async () => {
    await gateway.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  });

  const status = async () => statusSchema.parse(await (await fetch(`${gateway.admin}/status`)).json());
  const processOf = async (role: string): Promise<ProcessAnswer & { readonly pid: number }> => {
    const found = (await status()).processes?.find((each) => each.role === role);
    if (found?.pid === undefined) throw new Error(`there is no process ${role}`);
    return { ...found, pid: found.pid };
  };
  const put = (client: S3Client | undefined, Key: string, Body: string | Buffer = Key) =>
    client?.send(new PutObjectCommand({ Bucket: "shared", Key, Body }));
  const bodyOf = async (client: S3Client | undefined, Key: string) =>
    (await client?.send(new GetObjectCommand({ Bucket: "shared", Key })))?.Body?.transformToString();

  /** Puts objects through all clients until `stop`; tells which were acknowledged, and which failed. */
  function load(name: string) {
    const done: string[] = [];
    const failed: string[] = [];
    let stopped = false;
    const lanes = clients.map(async (client, lane) => {
      for (let n = 0; !stopped; n++) {
        const key = `${name}/${lane}-${n}`;
        await Promise.resolve(put(client, key)).then(
          () => done.push(key),
          () => failed.push(key),
        );
      }
    });
    const more = (count: number) => {
      const target = done.length + count;
      return eventually(`${count} more objects are put`, () => done.length >= target);
    };
    const stop = async () => {
      stopped = true;
      await Promise.all(lanes);
      return { done, failed };
    };
    return { more, stop, failed };
  }

  async function expectAll(keys: readonly string[]): Promise<void> {
    for (const [n, key] of keys.entries()) expect(await bodyOf(clients[n % CLIENTS], key), key).to.equal(key);
  }

  it("shows its processes, and their metrics as those of one", async () => {
    const { processes = [] } = await status();
    expect(processes.map(({ role, serving, restarts }) => [role, serving, restarts])).to.deep.equal([
      ["primary", true, 0],
      ["background", true, 0],
      ["request 1", true, 0],
      ["request 2", true, 0],
    ]);
    for (const { memoryBytes = 0 } of processes) expect(memoryBytes).to.be.greaterThan(20 * 2 ** 20);
    const before = await gateway.sum("cess_s3_requests_total");
    await Promise.all(clients.map((client) => client.send(new ListObjectsV2Command({ Bucket: "shared" }))));
    expect((await gateway.sum("cess_s3_requests_total")) - before).to.equal(CLIENTS);
  });

  it("obeys a policy and a key that were changed through one process in all, at the next request", async () => {
    await put(clients[0], "policed");
    const strangers = Array.from({ length: CLIENTS }, () => new Agent({ connections: 1 }));
    const statuses = () =>
      Promise.all(
        strangers.map(async (dispatcher) => {
          const answer = await request(`${gateway.endpoint}/shared/policed`, { dispatcher });
          await answer.body.dump();
          return answer.statusCode;
        }),
      );
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::shared/*" }],
    });
    const all = (code: number) => Array<number>(CLIENTS).fill(code);
    for (const client of clients) {
      expect(await statuses()).to.deep.equal(all(403));
      await client.send(new PutBucketPolicyCommand({ Bucket: "shared", Policy }));
      expect(await statuses()).to.deep.equal(all(200));
      await client.send(new DeleteBucketPolicyCommand({ Bucket: "shared" }));
    }
    expect(await statuses()).to.deep.equal(all(403));
    await Promise.all(strangers.map((agent) => agent.close()));

    const made = await fetch(`${gateway.admin}/keys`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ account: "cessdev", permission: "read" }),
    });
    const key = createdKeyView.parse(await made.json());
    const holders = Array.from({ length: CLIENTS }, () => gateway.client(key.accessKeyId, key.secretAccessKey));
    for (const holder of holders) expect(await bodyOf(holder, "policed")).to.equal("policed");
    await fetch(`${gateway.admin}/keys/${key.accessKeyId}`, { method: "DELETE" });
    for (const holder of holders) {
      const refused = await bodyOf(holder, "policed").catch((error: unknown) => (error as Error).name);
      expect(refused).to.equal("InvalidAccessKeyId");
    }
  });

  it("loses with a request process that is killed only what that was serving, and starts it again", async () => {
    const { more, stop, failed } = load("killed");
    await more(20);
    expect(failed).to.deep.equal([]);
    const { pid } = await processOf("request 1");
    process.kill(pid, "SIGKILL");
    await more(20);
    await eventually("it serves again", async () => {
      const again = (await status()).processes?.find(({ role }) => role === "request 1");
      return again?.serving === true && again.restarts === 1 && again.pid !== pid;
    });
    const { done } = await stop();
    expect(failed.length).to.be.at.most(CLIENTS);
    await expectAll(done);
    expect((await gateway.health()).warnings.map(({ check }) => check)).to.include("processes");
  });

  it("serves connections that a killed process had been given and had not taken", async () => {
    const { pid } = await processOf("request 1");
    // It is given a connection, and does not look at it.
    process.kill(pid, "SIGSTOP");
    const agents = Array.from({ length: CLIENTS }, () => new Agent({ connections: 1 }));
    let answered = 0;
    const answers = agents.map(async (dispatcher) => {
      const { statusCode, body } = await request(gateway.endpoint, { dispatcher });
      await body.dump();
      answered++;
      return statusCode;
    });
    try {
      await eventually("all others are answered", () => answered === CLIENTS - 1);
    } finally {
      process.kill(pid, "SIGKILL");
    }
    expect(await Promise.all(answers)).to.deep.equal(answers.map(() => 403));
    await Promise.all(agents.map((agent) => agent.close()));
    await eventually("it serves again", async () => {
      const again = (await status()).processes?.find(({ role }) => role === "request 1");
      return again?.serving === true && again.pid !== pid;
    });
  });

  it("serves requests while the background process is away, and goes on with its jobs afterwards", async () => {
    const body = Buffer.alloc(9 * 2 ** 20, 7);
    await put(clients[1], "to-be-stored", body);
    const { pid } = await processOf("background");
    const { more, stop } = load("without-background");
    process.kill(pid, "SIGKILL");
    await more(20);
    const { done, failed } = await stop();
    expect(failed).to.deep.equal([]);
    await eventually("the background process is there again", async () => {
      const again = await processOf("background").catch(() => undefined);
      return again !== undefined && again.pid !== pid;
    });
    await expectAll(done);
    await untilStored(clients[2] as S3Client, "shared", "to-be-stored");
    const read = await clients[3]?.send(new GetObjectCommand({ Bucket: "shared", Key: "to-be-stored" }));
    expect(body.equals((await read?.Body?.transformToByteArray()) ?? new Uint8Array())).to.equal(true);
  });

  it("has on the disk what both processes acknowledged when everything is killed at once", async () => {
    const { more, stop } = load("power");
    await more(100);
    await gateway.end("SIGKILL");
    const { done } = await stop();
    // The lock is free when the last process has ended.
    await start();
    await expectAll(done);
  });

  it("ends on SIGTERM with code 0 after the requests that run, and has all that it acknowledged", async () => {
    const { more, stop } = load("drained");
    await more(20);
    // A body that takes its time.
    const slow = clients.map(async (client, n) => put(client, `slow/${n}`, Buffer.alloc(4 * 2 ** 20, n)));
    await sleep(20);
    const ended = gateway.end("SIGTERM");
    await Promise.all(slow.map((each) => each.catch(() => undefined)));
    expect(await ended).to.equal(0);
    const { done } = await stop();
    const lines = gateway.log();
    expect(lines.filter(({ msg }) => msg === "request").length).to.be.greaterThan(done.length - 1);
    await start();
    await expectAll(done);
  });
});

describe("The configuration of several processes", function () {
  this.timeout(180_000);
  let fixture: ServeFixture;
  before(async () => (fixture = await ServeFixture.start()));
  after(() => fixture.end());

  it("is read again by all of them on SIGHUP, and stays as it is where something is wrong", async () => {
    const more = { workers: 2 };
    const [owner] = fixture.network.users;
    const gateway = await fixture.serve("reloaded", { more });
    const holders = Array.from({ length: CLIENTS }, () => gateway.client("RENEWED", "renewed-secret-1"));
    const answers = () =>
      Promise.all(
        holders.map((holder) =>
          holder.send(new ListBucketsCommand({})).then(
            () => "answered",
            (error: unknown) => (error as Error).name,
          ),
        ),
      );
    const all = (answer: string) => Array<string>(CLIENTS).fill(answer);
    const reload = async (accounts: readonly object[], line: string) => {
      fixture.config("reloaded", { ...more, accounts });
      const known = gateway.log().filter(({ msg }) => msg.startsWith(line)).length;
      process.kill(gateway.pid, "SIGHUP");
      await eventually(line, () => gateway.log().filter(({ msg }) => msg.startsWith(line)).length > known);
    };
    expect(await answers()).to.deep.equal(all("InvalidAccessKeyId"));
    const renewed = { ...owner, accessKeyId: "RENEWED", secretAccessKey: "renewed-secret-1" };
    await reload([renewed], "the configuration was read again");
    // The request processes come after the background process, which writes that line.
    await eventually("all know the key", async () => (await answers()).every((answer) => answer === "answered"));
    await reload([{ ...renewed, territory: 5 }], "the configuration was not read again");
    expect(await answers()).to.deep.equal(all("answered"));
    // One that is started again has what was read last.
    const { processes = [] } = statusSchema.parse(await (await fetch(`${gateway.admin}/status`)).json());
    for (const { role, pid = 0 } of processes) if (role.startsWith("request")) process.kill(pid, "SIGKILL");
    await eventually("all are started again", async () => (await answers()).every((answer) => answer === "answered"));
  });

  it("is refused at the start with the words of the process that cannot use it", async () => {
    const held = await fixture.serve("held", { more: { workers: 2 } });
    const port = Number(new URL(held.endpoint).port);
    const failure = await fixture
      .serve("second", { more: { workers: 2 }, environment: { CESS_S3_LISTEN: `127.0.0.1:${port}` } })
      .then(
        () => "it started",
        (error: unknown) => (error as Error).message,
      );
    expect(failure).to.include(
      `cannot listen on 127.0.0.1:${port}: something listens there already, a cess-s3 gateway that runs`,
    );
    expect(failure).to.include("CESS_S3_LISTEN");
  });
});
