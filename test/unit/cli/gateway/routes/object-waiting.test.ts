import { expect } from "chai";
import type { FileAnswer, JobAnswer } from "../../../../../src/cli/admin-answers.js";
import { waitingFor } from "../../../../../src/cli/gateway/routes/object-waiting.js";

describe("Why an object waits, in words", () => {
  const next = "2026-01-05T10:00:00.000Z";
  const job = (state: JobAnswer["state"], more: Partial<JobAnswer> = {}): JobAnswer => ({
    id: "17",
    kind: "store",
    state,
    attempt: 0,
    since: next,
    next,
    ...more,
  });
  const file = (state: string, more: Partial<FileAnswer> = {}): FileAnswer => ({
    id: "9",
    fid: "f".repeat(64),
    state,
    layout: "own-file",
    bytes: 1,
    offset: 0,
    length: 1,
    reports: 7,
    segments: [],
    ...more,
  });
  const why = (state: string, files: FileAnswer[], more: { job?: JobAnswer; packBy?: string } = {}) =>
    waitingFor({ state, files, job: more.job, packBy: more.packBy });

  it("names the pack and until when, the job, its attempt, its failure and the next try", () => {
    expect(why("staged", [], { packBy: next })).to.deep.equal([
      `waits for other small objects to share a pack with, until ${next} at the latest`,
    ]);
    expect(why("staged", [], { job: job("due") })).to.deep.equal(["waits to be encoded, behind other jobs"]);
    expect(why("staged", [], { job: job("leased") })).to.deep.equal(["is being encoded now"]);
    const failing = job("failing", { attempt: 3, failure: "the territory is full" });
    expect(why("encoded", [file("encoded", { job: failing })])).to.deep.equal([
      `file 9: waits to be ordered on the chain: attempt 3 of job 17 failed because the territory is full; next try at ${next}`,
    ]);
    expect(why("placed", [file("placed", { job: job("waiting") })])).to.deep.equal([
      `file 9: waits until all its storage nodes have reported; 7 of 12 have; looked at again at ${next}, or when the chain tells of it`,
    ]);
  });

  it("tells a file under repair from one that is deleted", () => {
    expect(why("staged", [file("deleting", { restored: true, job: job("leased", { kind: "delete" }) })])).to.deep.equal(
      ["file 9, restored here to be stored anew: is being deleted on the chain now"],
    );
  });

  it("says what the network refused for good, and how to try again", () => {
    expect(why("encoded", [file("failed", { failure: "other content has this FID" })])).to.deep.equal([
      "file 9: the network refused it for good: other content has this FID; try it again with cess-s3 jobs retry file:9",
    ]);
  });

  it("has nothing to say of a stored object, unless fragments are missing", () => {
    expect(why("stored", [file("stored", { redundancy: 12 }), file("stored")])).to.deep.equal([]);
    expect(why("stored", [file("stored", { redundancy: 5 })])).to.deep.equal([
      "file 9: 5 of 12 fragments are left of its worst segment",
    ]);
  });

  it("does not hide that nothing is known to be done", () => {
    expect(why("staged", [])).to.have.length(1);
  });
});
