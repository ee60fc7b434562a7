import { expect } from "chai";
import { Registry } from "prom-client";
import { History } from "../../../../src/cli/gateway/history.js";
import { gauge } from "../../../../src/cli/metrics/families.js";
import { RequestFamilies } from "../../../../src/cli/metrics/request-families.js";
import type { SampleAnswer } from "../../../../src/cli/admin-answers.js";
import type { Answered } from "../../../../src/s3/answered.js";
import { ManualClock } from "../../../support/manual-clock.js";

describe("The gateway's last hour", () => {
  let clock: ManualClock;
  let requests: RequestFamilies;
  let history: History;
  let staged: number;
  beforeEach(() => {
    clock = new ManualClock();
    staged = 0;
    const registry = new Registry();
    requests = new RequestFamilies(registry);
    gauge(registry, "cess_s3_staged_bytes", "staged", () => staged);
    gauge(registry, "cess_s3_staged_oldest_age_seconds", "oldest", () => 7);
    history = new History({ clock, read: () => Promise.resolve(registry) });
  });
  const answer = (operation: string, status: number, ms: number, bytes = 0) =>
    requests.onAnswer({
      operation,
      status,
      ms,
      firstByteMs: ms,
      receivedBytes: bytes,
      sentBytes: 2 * bytes,
    } as Answered);
  const take = async (seconds: number) => {
    await clock.advance(seconds * 1000);
    await history.take();
    return history.samples.at(-1);
  };

  it("has rates, errors, latencies and bytes of the time between two samples", async () => {
    answer("GetObject", 200, 10);
    await history.take();
    expect(history.samples).to.deep.equal([]);
    for (let n = 0; n < 20; n++) answer("GetObject", 200, 7, 500);
    answer("PutObject", 503, 2_000);
    answer("PutObject", 403, 7);
    staged = 1234;
    const sample = await take(10);
    expect(sample).to.include({
      clientErrors: 0.1,
      serverErrors: 0.1,
      bytesIn: 1000,
      bytesOut: 2000,
      stagedBytes: 1234,
      oldestSeconds: 7,
    });
    expect(sample?.operations).to.deep.equal({ GetObject: 2, PutObject: 0.2 });
    expect(sample?.p50Ms).to.be.within(5, 10);
    expect(sample?.p99Ms).to.be.above(1000);
    const quiet = await take(10);
    expect(quiet).to.include({ clientErrors: 0, bytesIn: 0 });
    expect(quiet?.operations).to.deep.equal({});
    expect(quiet).not.to.have.property("p50Ms");
  });

  it("keeps an hour, and no more", async () => {
    await history.take();
    for (let n = 0; n < 800; n++) await take(5);
    expect(history.samples).to.have.length(720);
  });

  it("tells those who follow of each sample, until they stop", async () => {
    const told: SampleAnswer[] = [];
    await history.take();
    const stop = history.follow((sample) => told.push(sample));
    await take(5);
    stop();
    await take(5);
    expect(told).to.have.length(1);
  });
});
