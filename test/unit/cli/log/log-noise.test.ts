import { Writable } from "node:stream";
import { expect } from "chai";
import { pino } from "pino";
import { LogNoise, loggedError, withoutNoise } from "../../../../src/cli/log/log-noise.js";
import { DomainError } from "../../../../src/model/errors.js";
import { ChainUnavailable } from "../../../../src/network/chain/chain.js";

describe("the log", () => {
  let now: number;
  let lines: Record<string, unknown>[];
  const log = () => {
    const out = new Writable({
      write(chunk: Buffer, _, done) {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
        done();
      },
    });
    return pino({ level: "info", base: null, ...withoutNoise(new LogNoise(() => now)) }, out);
  };
  beforeEach(() => {
    now = 1_000_000;
    lines = [];
  });
  const full = () => new DomainError({ kind: "storageFull" }, "the disk is full", { cause: new Error("ENOSPC") });

  it("has a warning of one kind once a minute, and how many there were between", () => {
    const { warn, error } = { warn: log(), error: log() };
    for (let n = 0; n < 74; n++) warn.warn({ err: full(), job: n }, "a job failed");
    expect(lines).to.have.length(1);
    now += 60_000;
    warn.warn({ err: full(), job: 99 }, "a job failed");
    expect(lines[1]).to.include({ repeated: 73, job: 99 });
    for (let n = 0; n < 3; n++) error.error({ err: full(), job: n }, "a job failed");
    expect(lines).to.have.length(3);
  });

  it("keeps apart what has another message, another reason, or comes from another worker", () => {
    const written = log();
    for (let n = 0; n < 2; n++) {
      written.warn({ err: new Error("one"), worker: "a" }, "a step failed");
      written.warn({ err: new Error("two"), worker: "a" }, "a step failed");
      written.warn({ err: new Error("one"), worker: "b" }, "a step failed");
      written.warn({ reason: "no territory", job: n }, "a job waits");
      written.warn({ key: n }, "a key is refused");
    }
    expect(lines).to.have.length(6);
  });

  it("has every line of a request, and everything that is no warning", () => {
    const written = log();
    for (let n = 0; n < 3; n++) {
      written.error({ err: new Error("broken"), requestId: String(n) }, "a request failed");
      written.info({ n: 1 }, "served");
      written.warn("plain text");
    }
    expect(lines).to.have.length(9);
  });

  it("tells without a stack what is not the program's fault", () => {
    const disk = Object.assign(new Error("write"), { code: "ENOSPC" });
    expect(loggedError(full())).to.deep.equal({ type: "DomainError", message: "the disk is full", cause: "ENOSPC" });
    expect(loggedError(disk)).to.deep.equal({ type: "Error", message: "write", code: "ENOSPC" });
    expect(loggedError(new ChainUnavailable("away"))).to.not.have.property("stack");
    expect(loggedError(new TypeError("a mistake"))).to.have.property("stack");
  });
});
