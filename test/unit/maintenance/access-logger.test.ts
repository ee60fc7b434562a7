import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { AccessLogger } from "../../../src/maintenance/access-logger.js";
import { AccessSpool, type SpoolSettings } from "../../../src/maintenance/access-spool.js";
import type { AccessEntry } from "../../../src/model/access-log.js";

const NOON = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;

describe("The access logger", () => {
  let folder: string;
  let now: number;
  let wanted: boolean;
  let failing: boolean;
  const delivered: { readonly bucket: string; readonly begun: number; readonly requests: readonly string[] }[] = [];
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
  const { signal } = new AbortController();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "access-logger-"));
    [now, wanted, failing] = [NOON, true, false];
    delivered.length = 0;
    warnings.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = async (settings: Partial<SpoolSettings> = {}, fits?: (bytes: number) => Promise<boolean>) => {
    const spool = await AccessSpool.open({ folder, log, fits }, settings);
    const logger = new AccessLogger({
      catalog: {
        buckets: { get: (name: string) => Promise.resolve({ name, owner: "anna", region: "us-east-1", createdAt: 0 }) },
        documents: { get: () => Promise.resolve(wanted ? "{}" : undefined) },
      } as never,
      spool,
      clock: { now: () => now } as never,
      log,
      async deliver({ bucket, begun, body, size }) {
        if (failing) throw new Error("no room");
        let text = "";
        for await (const chunk of body) text += Buffer.from(chunk).toString();
        expect(Buffer.byteLength(text)).to.equal(size);
        delivered.push({
          bucket,
          begun,
          requests: text
            .trimEnd()
            .split("\n")
            .map((line) => line.split(" ")[6] ?? ""),
        });
        return true;
      },
    });
    return { spool, logger };
  };
  const entry = (requestId: string, bucket = "box"): AccessEntry => ({
    bucket,
    time: now,
    address: "192.0.2.1",
    requestId,
    operation: "REST.GET.OBJECT",
    requestUri: "GET / HTTP/1.1",
    status: 200,
    totalMs: 1,
    hostId: "h",
  });
  const record = (logger: AccessLogger, made: AccessEntry) => logger.record({ bucket: made.bucket, entry: () => made });

  it("writes no lines into the disk's reserve, and counts those that are lost", async () => {
    const { spool, logger } = await start({}, () => Promise.resolve(false));
    await record(logger, entry("1"));
    await spool.flush();
    expect([await readdir(folder), spool.bytes, spool.dropped, warnings.length]).to.deep.equal([[], 0, 1, 1]);
  });

  it("delivers the lines of each bucket together when their time has come, and not before", async () => {
    const { spool, logger } = await start();
    await record(logger, entry("1"));
    now += 30 * MINUTE;
    for (const [id, bucket] of [
      ["2", "box"],
      ["3", "other"],
    ] as const)
      await record(logger, entry(id, bucket));
    await logger.step(signal);
    expect(delivered).to.deep.equal([]);
    now += 30 * MINUTE;
    await logger.step(signal);
    expect(delivered).to.deep.equal([{ bucket: "box", begun: NOON, requests: ["1", "2"] }]);
    now += 30 * MINUTE;
    await logger.step(signal);
    expect(delivered.at(1)?.requests).to.deep.equal(["3"]);
    expect([await readdir(folder), spool.bytes, spool.dropped]).to.deep.equal([[], 0, 0]);
  });

  it("writes nothing for a bucket that wants no log", async () => {
    const { spool, logger } = await start();
    wanted = false;
    await record(logger, entry("1"));
    await logger.step(signal);
    expect([await readdir(folder), spool.bytes]).to.deep.equal([[], 0]);
  });

  it("finds after a restart what it had flushed", async () => {
    const first = await start();
    await record(first.logger, entry("1"));
    await first.spool.flush();
    now += 10 * MINUTE;
    const second = await start();
    await record(second.logger, entry("2"));
    now += 60 * MINUTE;
    await second.logger.step(signal);
    expect(delivered.flatMap(({ requests }) => requests)).to.deep.equal(["1", "2"]);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("ends a file that is full, and one whose day is over", async () => {
    const { logger } = await start({ fileBytes: 100 });
    await record(logger, entry("1"));
    await record(logger, entry("2"));
    now = Date.UTC(2026, 0, 15, 23, 59);
    await record(logger, entry("3", "other"));
    now += 2 * MINUTE;
    await record(logger, entry("4", "other"));
    await logger.step(signal);
    expect(delivered.map(({ requests }) => requests)).to.have.deep.members([["1"], ["2"], ["3"], ["4"]]);
  });

  it("keeps what could not be delivered, tries again, and gives up after a week", async () => {
    const { spool, logger } = await start();
    failing = true;
    await record(logger, entry("1"));
    now += 60 * MINUTE;
    await logger.step(signal);
    await logger.step(signal);
    expect(warnings).to.have.length(1);
    failing = false;
    now += MINUTE;
    await logger.step(signal);
    expect(delivered.map(({ requests }) => requests)).to.deep.equal([["1"]]);
    failing = true;
    await record(logger, entry("2"));
    now += 8 * 24 * 60 * MINUTE;
    await logger.step(signal);
    expect([await readdir(folder), spool.bytes, spool.dropped]).to.deep.equal([[], 0, 1]);
  });

  it("drops and counts what finds no room, in memory and on the disk", async () => {
    const small = await start({ memoryBytes: 300 });
    for (const id of ["1", "2", "3"]) small.spool.append("box", now, id.repeat(120));
    expect(small.spool.dropped).to.equal(1);
    await small.spool.flush();
    small.spool.append("box", now, "4".repeat(120));
    expect(small.spool.dropped).to.equal(1);
    const full = await start({ diskBytes: 300 });
    for (const id of ["1", "2"]) full.spool.append("box", now, id.repeat(100));
    await full.spool.flush();
    expect([full.spool.dropped, warnings]).to.deep.equal([2, []]);
  });

  it("drops and counts what the disk does not take, and goes on", async () => {
    const { spool } = await start();
    await rm(folder, { recursive: true });
    spool.append("box", now, "lost");
    await spool.flush();
    expect([spool.dropped, spool.bytes, warnings.length]).to.deep.equal([1, 0, 1]);
  });
});
