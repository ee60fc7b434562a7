import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { Notifier, type Webhook } from "../../../src/maintenance/notifier.js";
import { outboxEventFor } from "../../../src/model/notification.js";
import { CatalogFixture, version } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

interface Received {
  readonly whole: object;
  readonly headers: IncomingMessage["headers"];
  readonly keys: readonly string[];
  readonly first: {
    readonly eventName: string;
    readonly eventTime: string;
    readonly s3: { readonly object: Readonly<Record<string, unknown>>; readonly configurationId: string };
  };
}

describe("The notifier", () => {
  const on = CatalogFixture.forEach(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "notifier-"));
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db") });
    return { catalog, end: () => catalog.close().then(() => rm(folder, { recursive: true, force: true })) };
  });
  const received: Received[] = [];
  let status: number;
  let server: Server;
  const warnings: object[] = [];
  const { signal } = new AbortController();
  beforeEach(async () => {
    received.length = 0;
    warnings.length = 0;
    status = 204;
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const whole = JSON.parse(text) as object;
        const { Records = [] } = whole as { Records?: Received["first"][] };
        received.push({
          whole,
          headers: request.headers,
          keys: Records.map(({ s3 }) => String(s3.object["key"])),
          first: Records[0]!,
        });
        // 0: never answers.
        if (status !== 0) response.writeHead(status).end("thanks");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const hook = (more: Partial<Webhook> = {}): Webhook => ({
    name: "hook",
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    ...more,
  });
  const notifier = (webhooks: readonly Webhook[], settings = {}) =>
    new Notifier(
      {
        catalog: on.catalog,
        webhooks,
        clock: on.clock,
        random: () => 1,
        log: { warn: (fields) => void warnings.push(fields) },
      },
      settings,
    );
  const put = (key: string, webhook = "hook") =>
    on.catalog.objects.put(
      version(key, {
        outboxEvent: outboxEventFor(
          [{ id: "rule", webhook, events: ["s3:ObjectCreated:*"] }],
          "s3:ObjectCreated:Put",
          key,
          { principal: "p", address: "192.0.2.1", requestId: "r" },
        ),
      }),
      { blobs: [{ blob: `blob of ${key}` as never, offset: 0, length: 5 }] },
    );

  it("delivers what waits in order and in batches, in S3's form, and then sleeps", async () => {
    for (const key of ["a b", "ü+", "c"]) await put(key);
    const worker = notifier([hook({ token: () => "secret" })], { batch: 2 });
    expect(await worker.step(signal)).to.deep.equal({ kind: "busy" });
    expect(await worker.step(signal)).to.deep.equal({ kind: "busy" });
    expect((await worker.step(signal)).kind).to.equal("idle");
    expect(received.map(({ keys }) => keys)).to.deep.equal([["a+b", "%C3%BC%2B"], ["c"]]);
    const [{ headers, first }] = received as [Received];
    expect([headers.authorization, headers["content-type"]]).to.deep.equal(["Bearer secret", "application/json"]);
    expect(first).to.include({ eventName: "ObjectCreated:Put", eventTime: new Date(on.clock.time).toISOString() });
    expect(first.s3.object).to.deep.equal({ key: "a+b", size: 5, eTag: "etag of a b", sequencer: "0000000000000001" });
    expect(await on.catalog.events.counts()).to.deep.equal({ waiting: 0, dropped: 0 });
  });

  it("sends a test by itself, between the events before and after it", async () => {
    await put("a");
    const source = { principal: "p", address: "", requestId: "R1" };
    await on.catalog.events.test(
      "box",
      [
        { id: "1", webhook: "hook", events: [] },
        { id: "2", webhook: "hook", events: [] },
      ],
      source,
    );
    await put("b");
    const worker = notifier([hook()]);
    while ((await worker.step(signal)).kind === "busy");
    expect(received.map(({ keys }) => keys)).to.deep.equal([["a"], [], ["b"]]);
    expect(received[1]?.whole).to.deep.include({
      Service: "Amazon S3",
      Event: "s3:TestEvent",
      Bucket: "box",
      RequestId: "R1",
      Time: new Date(on.clock.time).toISOString(),
    });
  });

  it("keeps what was not taken, and tries again after a time that grows", async () => {
    await put("a");
    status = 500;
    const worker = notifier([hook()], { retryMs: 1000, maxRetryMs: 3000, pollMs: 60_000 });
    const delays: number[] = [];
    for (let round = 0; round < 4; round++) {
      await worker.step(signal);
      const sleep = await worker.step(signal);
      if (sleep.kind !== "idle" || sleep.until === undefined) throw new Error("it does not wait");
      delays.push(sleep.until - on.clock.time);
      on.clock.time = sleep.until;
    }
    expect(delays).to.deep.equal([1000, 2000, 3000, 3000]);
    expect([received.length, warnings.length]).to.deep.equal([4, 4]);
    status = 200;
    await worker.step(signal);
    expect(await on.catalog.events.counts()).to.deep.equal({ waiting: 0, dropped: 0 });
  });

  it("takes no answer, a redirect and a closed port for failures, which hold nobody else up", async () => {
    await put("a", "silent");
    await put("b", "gone");
    await put("c");
    status = 0;
    const worker = notifier([hook({ name: "silent" }), { name: "gone", url: "http://127.0.0.1:1/" }], {
      timeoutMs: 100,
    });
    await worker.step(signal);
    expect(warnings.map((fields) => (fields as { webhook: string }).webhook)).to.have.members(["silent", "gone"]);
    status = 302;
    await notifier([hook({ name: "silent" })]).step(signal);
    expect(await on.catalog.events.counts()).to.deep.equal({ waiting: 3, dropped: 0 });
    status = 200;
    await notifier([hook(), { name: "gone", url: "http://127.0.0.1:1/" }]).step(signal);
    expect(await on.catalog.events.webhooks()).to.have.members(["silent", "gone"]);
  });

  it("gives up what nobody takes in time, also of a webhook that is configured no more", async () => {
    await put("a", "removed");
    const worker = notifier([hook()], { maxAgeMs: 10_000, pollMs: 2000 });
    expect(await worker.step(signal)).to.deep.equal({ kind: "idle", until: on.clock.time + 2000 });
    on.clock.time += 10_001;
    await worker.step(signal);
    expect(await on.catalog.events.counts()).to.deep.equal({ waiting: 0, dropped: 1 });
    expect(received).to.deep.equal([]);
  });
});
