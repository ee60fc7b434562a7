import { expect } from "chai";
import { MemoryBlobs } from "../../../src/blobs/memory-blobs.js";
import { DomainError } from "../../../src/model/errors.js";
import { blobsContract } from "../../suites/blobs.js";

describe("Blobs in memory", () => {
  blobsContract(
    () => Promise.resolve(new MemoryBlobs()),
    async (blobs, id, position) => {
      // What it gives is its own memory.
      for await (const bytes of blobs.read(id)) bytes[position]! ^= 4;
    },
  );

  it("refuse more than their capacity as a full disk does", async () => {
    const blobs = new MemoryBlobs({ capacity: 10 });
    // eslint-disable-next-line @typescript-eslint/require-await
    async function* eleven() {
      yield Buffer.alloc(11);
    }
    const refusal = await blobs.write(eleven()).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(DomainError).with.property("kind", "storageFull");
    expect(await blobs.free()).to.equal(10);
  });
});
