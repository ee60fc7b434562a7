import { expect } from "chai";
import { BegunUploads, partBytes, partsOf, type Begun } from "../../../console/src/lib/upload-plan.js";

const MIB = 2 ** 20;

describe("The plan of an upload", () => {
  it("has parts of 16 MiB without gaps, and larger ones where S3 would take too many", () => {
    for (const size of [16 * MIB + 1, 300 * MIB, 160_000 * MIB, 5 * 2 ** 40]) {
      const bytes = partBytes(size);
      const parts = partsOf(size, bytes);
      expect(parts.length).to.be.at.most(10_000);
      expect(bytes % MIB).to.equal(0);
      expect(parts[0]?.start).to.equal(0);
      expect(parts.at(-1)?.end).to.equal(size);
      for (const [at, part] of parts.entries()) {
        expect(part.number).to.equal(at + 1);
        if (at > 0) expect(part.start).to.equal(parts[at - 1]?.end);
      }
    }
  });
});

describe("Uploads that were begun", () => {
  const memory = () => {
    const texts = new Map<string, string>();
    return {
      getItem: (name: string) => texts.get(name) ?? null,
      setItem: (name: string, text: string) => void texts.set(name, text),
    };
  };
  const upload = (more: Partial<Begun> = {}): Begun => ({
    accessKeyId: "ME",
    bucket: "box",
    key: "film.mp4",
    uploadId: "1",
    size: 10,
    modified: 5,
    partBytes: 1,
    hashed: true,
    started: 0,
    ...more,
  });

  it("are found by the same file for the same place and key alone", () => {
    const begun = new BegunUploads(memory());
    begun.add(upload());
    expect(begun.find(upload())?.uploadId).to.equal("1");
    for (const other of [{ size: 11 }, { modified: 6 }, { key: "other" }, { bucket: "other" }, { accessKeyId: "YOU" }])
      expect(begun.find(upload(other)), JSON.stringify(other)).to.equal(undefined);
    expect(begun.all("YOU")).to.deep.equal([]);
    begun.remove("1");
    expect(begun.find(upload())).to.equal(undefined);
  });

  it("are at most 200, and a storage that is full or broken costs nothing else", () => {
    const begun = new BegunUploads(memory());
    for (let id = 0; id < 250; id++) begun.add(upload({ uploadId: String(id), key: String(id) }));
    expect(begun.all("ME")).to.have.length(200);
    expect(begun.all("ME")[0]?.uploadId).to.equal("50");
    const broken = new BegunUploads({
      getItem: () => "{not json",
      setItem: () => {
        throw new Error("full");
      },
    });
    broken.add(upload());
    expect(broken.all("ME")).to.deep.equal([]);
  });
});
