import { expect } from "chai";
import type { Blobs } from "../../../src/blobs/blobs.js";
import { withSegment } from "../../../src/distribution/content.js";
import { judge } from "../../../src/distribution/refusals.js";
import { PLAIN } from "../../../src/model/file.js";
import type { BlobId } from "../../../src/model/object.js";
import { MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { ChainRefusal } from "../../../src/network/chain/chain.js";
import { alice } from "../../support/distribution-bench.js";

describe("An order's parts", () => {
  it("tells what the owner can do about a refusal, and which refusals no second try can help", () => {
    const verdict = (section: string, reason: string) => judge(new ChainRefusal(section, reason), alice, "cXgateway");
    expect(verdict("fileBank", "NoPermission")).to.deep.equal({
      permanent: false,
      text: "the account cXalice has not authorized this gateway (oss.authorize cXgateway) (fileBank.NoPermission)",
    });
    expect(verdict("storageHandler", "NotHaveTerritory").permanent).to.equal(false);
    expect(verdict("fileBank", "InsufficientAvailableSpace").permanent).to.equal(false);
    expect(verdict("fileBank", "SpecError").permanent).to.equal(true);
    expect(verdict("sminer", "Unheard")).to.deep.equal({
      permanent: false,
      text: "the chain refused the order: sminer.Unheard",
    });
  });

  it("finds a segment's bytes across the blobs that hold the file", async () => {
    const staged = (id: string) => ({ id: id as BlobId, offset: 0, checksummed: undefined });
    const blobs: Pick<Blobs, "withLocal"> = {
      withLocal: (slices, work) =>
        work(
          slices.map(({ blob, offset, length }) => ({ path: `/staging/${blob}`, offset, length, blob: staged(blob) })),
        ),
    };
    const content = (of: typeof file, index: number) =>
      withSegment(of, index, blobs, (slices) => Promise.resolve(slices));
    const slice = (blob: string, offset: number, length: number) => ({ blob: blob as BlobId, offset, length });
    const file = {
      size: 70 * MIB,
      format: PLAIN,
      blobs: [slice("a", 5, 20 * MIB), slice("b", 0, 20 * MIB), slice("c", 1, 30 * MIB)],
    };
    expect(await content(file, 0)).to.deep.equal([
      { path: "/staging/a", offset: 5, length: 20 * MIB, blob: staged("a") },
      { path: "/staging/b", offset: 0, length: 12 * MIB, blob: staged("b") },
    ]);
    expect(await content(file, 2)).to.deep.equal([
      { path: "/staging/c", offset: 1 + 24 * MIB, length: 70 * MIB - 2 * SEGMENT_SIZE, blob: staged("c") },
    ]);
    const failure = await content({ ...file, size: 71 * MIB }, 2).catch((error: unknown) => error);
    expect(failure).to.have.property("message", "only 73400320 of the file's 74448896 bytes are staged");
  });
});
