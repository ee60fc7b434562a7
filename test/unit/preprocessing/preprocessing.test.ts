import { expect } from "chai";
import { readFile } from "node:fs/promises";
import type { Encoder, Task } from "../../../src/encoding/encoder.js";
import { PLAIN } from "../../../src/model/file.js";
import type { BlobSlice } from "../../../src/model/object.js";
import { MIB, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { ResumablePreprocessing } from "../../../src/preprocessing/resumable-preprocessing.js";
import { cutSegments, joinSlices, segmentSource } from "../../../src/preprocessing/segment-slices.js";
import { alice, as, body, bytesOf, TestGateway, pieces, plainly } from "../../support/test-gateway.js";
import { eventually } from "../../support/eventually.js";
import { settle } from "../../support/manual-clock.js";

const settings = { format: PLAIN, territory: "home", priority: "foreground" } as const;
const slice = (blob: string, offset: number, length: number) => ({ blob, offset, length }) as BlobSlice;

interface Vector {
  readonly size: number;
  readonly seed: number;
  readonly fid: string;
  readonly cipher?: string;
  readonly segments: readonly { readonly hash: string; readonly fragments: readonly string[] }[];
}

describe("Cutting content into segments", () => {
  it("goes through the slices in order and leaves the rest to the last segment", () => {
    const segments = cutSegments([slice("a", 5, 20 * MIB), slice("b", 0, 50 * MIB)], PLAIN);
    expect(segments).to.deep.equal([
      [slice("a", 5, 20 * MIB), slice("b", 0, 12 * MIB)],
      [slice("b", 12 * MIB, 32 * MIB)],
      [slice("b", 44 * MIB, 6 * MIB)],
    ]);
    expect(joinSlices(segments)).to.deep.equal([slice("a", 5, 20 * MIB), slice("b", 0, 50 * MIB)]);
    expect(cutSegments([], PLAIN)).to.deep.equal([]);
  });

  it("names a segment by its very slices and format", () => {
    const names = [
      segmentSource([slice("a", 0, 5)], PLAIN),
      segmentSource([slice("b", 0, 5)], PLAIN),
      segmentSource([slice("a", 1, 5)], PLAIN),
      segmentSource([slice("a", 0, 2), slice("a", 2, 3)], PLAIN),
      segmentSource([slice("a", 0, 5)], { name: "cess-cbc", cipher: "x" }),
      segmentSource([slice("a", 0, 5)], { name: "cess-cbc", cipher: "y" }),
    ];
    expect(new Set(names).size).to.equal(names.length);
  });
});

describe("Preprocessing", () => {
  let fixture: TestGateway;
  /** Segments hashed, by the priority they were asked with. */
  let hashed: string[];
  let preprocessing: ResumablePreprocessing;
  let beforeHash: () => Promise<void>;
  const name = { bucket: "photos", key: "k" };

  beforeEach(async () => {
    fixture = await TestGateway.build();
    await fixture.gateway.buckets.create(as(alice), "photos");
    hashed = [];
    beforeHash = () => Promise.resolve();
    preprocessing = another();
  });
  afterEach(async () => {
    await preprocessing.close();
    await fixture.close();
  });

  function another(
    limits: { readonly maxSegmentsPerFile?: number; readonly parallelSegments?: number } = {},
  ): ResumablePreprocessing {
    const encoder = Object.assign(Object.create(fixture.encoder) as Encoder, {
      hashSegment: async (...given: Parameters<Encoder["hashSegment"]>) => {
        await beforeHash();
        const hashes = await fixture.encoder.hashSegment(...given);
        hashed.push(given[2]?.priority ?? "none");
        return hashes;
      },
      segmentHash: async (...given: Parameters<Encoder["segmentHash"]>) => {
        await beforeHash();
        hashed.push("alone");
        return fixture.encoder.segmentHash(...given);
      },
    });
    return new ResumablePreprocessing({ catalog: fixture.catalog, blobs: fixture.blobs, encoder }, limits);
  }
  const stage = async (bytes: Uint8Array) => slice((await fixture.blobs.write(pieces(bytes))).id, 0, bytes.byteLength);
  const upload = async () => (await fixture.gateway.uploads.create(as(alice), name, plainly)).id;
  const putPart = async (id: string, partNumber: number, bytes: Uint8Array) => {
    const part = await fixture.gateway.uploads.putPart(as(alice), name, id, partNumber, body(bytes));
    fixture.preprocessing.forget(id); // The fixture's own must not do the work that is watched here.
    return slice(part.blob, 0, part.size);
  };
  const until = (done: () => boolean) => eventually("the test's condition holds", done);

  it("makes the files of the vectors, from any number of slices", async () => {
    const vectors = JSON.parse(await readFile("test/vectors/preprocessing.json", "utf8")) as Vector[];
    for (const vector of vectors.filter(({ size }) => size < 34 * MIB)) {
      const bytes = Buffer.alloc(vector.size);
      for (let at = 0, x = vector.seed; at < bytes.length; at++) {
        x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        bytes[at] = (x >>> 16) & 0xff;
      }
      const cut = Math.floor(bytes.length / 3);
      const content = [await stage(bytes.subarray(0, cut)), await stage(bytes.subarray(cut))];
      const format = vector.cipher ? ({ name: "cess-cbc", cipher: vector.cipher } as const) : PLAIN;
      const [file] = await preprocessing.files("v", content, { ...settings, format });
      expect(file!.fid, `size ${vector.size}`).to.equal(vector.fid);
      expect(file!.segments).to.deep.equal(vector.segments.map(({ hash, fragments }) => ({ hash, fragments })));
      expect(file!.size).to.equal(vector.size);
    }
  });

  it("makes no file of no bytes", async () => {
    expect(await preprocessing.files("empty", [], settings)).to.deep.equal([]);
  });

  it("makes several files of more segments than one may have, each with its own slices", async () => {
    const content = [await stage(bytesOf(70 * MIB, 1))];
    const { blob } = content[0]!;
    const whole = await preprocessing.files("whole", content, settings);
    const files = await another({ maxSegmentsPerFile: 2 }).files("cut", content, settings);
    expect(files.map(({ size, segments }) => [size, segments.length])).to.deep.equal([
      [2 * SEGMENT_SIZE, 2],
      [6 * MIB, 1],
    ]);
    expect(files.map(({ blobs }) => blobs)).to.deep.equal([
      [slice(blob, 0, 2 * SEGMENT_SIZE)],
      [slice(blob, 2 * SEGMENT_SIZE, 6 * MIB)],
    ]);
    expect(preprocessing.root(files)).to.equal(whole[0]!.fid);
    expect(preprocessing.root(whole)).to.equal(whole[0]!.fid);
  });

  it("knows the root of what it would make, by the segments' own hashes", async () => {
    const content = [await stage(bytesOf(70 * MIB, 1))];
    for (const format of [PLAIN, { name: "cess-cbc", cipher: "friends" }] as const) {
      hashed = [];
      const root = await another({ maxSegmentsPerFile: 2 }).rootOf("root", content, { format });
      expect(hashed).to.deep.equal(["alone", "alone", "alone"]);
      const files = await another({ maxSegmentsPerFile: 2 }).files(`of ${format.name}`, content, {
        ...settings,
        format,
      });
      expect(root).to.equal(preprocessing.root(files));
    }
    expect(await fixture.catalog.preparations.all("root")).to.deep.equal([]);
  });

  it("hashes for a root only what is not prepared, and ends with the request", async () => {
    const id = await upload();
    const part = await putPart(id, 1, bytesOf(2 * SEGMENT_SIZE + 1, 1));
    preprocessing.advance(id, PLAIN, 1);
    await until(() => hashed.length === 2);
    await eventually("both are saved", async () => (await fixture.catalog.preparations.all(id)).length === 2);
    const root = await preprocessing.rootOf(id, [part], settings);
    expect(hashed).to.deep.equal(["background", "background", "alone"]);
    const [file] = await another().files("direct", [part], settings);
    expect(root).to.equal(file!.fid);
    const first = [{ ...part, length: SEGMENT_SIZE }];
    hashed = [];
    await preprocessing.rootOf(id, first, settings);
    expect(hashed, "a single segment is not hashed again either").to.deep.equal([]);
    const left = preprocessing.rootOf(id, [part], settings, AbortSignal.abort(new Error("aborted")));
    expect(await left.catch((error: unknown) => (error as Error).message)).to.equal("aborted");
  });

  it("goes on after a restart from the segments that were saved", async () => {
    const content = [await stage(bytesOf(70 * MIB, 2))];
    const stopping = new AbortController();
    beforeHash = () => {
      if (hashed.length === 2) stopping.abort(new Error("the process ends"));
      return Promise.resolve();
    };
    const first: unknown = await another({ parallelSegments: 1 })
      .files("v", content, settings, stopping.signal)
      .catch((error: unknown) => error);
    expect((first as Error).message).to.equal("the process ends");
    const saved = (await fixture.catalog.preparations.all("v")).length;
    expect(saved).to.be.within(2, 3);
    beforeHash = () => Promise.resolve();
    hashed = [];
    expect(await preprocessing.files("v", content, settings)).to.have.length(1);
    expect(hashed).to.have.length(3 - saved);
  });

  it("fails with the reason when bytes are missing, and runs nothing on", async () => {
    const gone = await stage(bytesOf(MIB, 3));
    await fixture.blobs.remove([gone.blob]);
    const error: unknown = await preprocessing.files("v", [gone], settings).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it("prepares the whole segments of parts 1…k while later parts are missing", async () => {
    const id = await upload();
    const parts = [await putPart(id, 1, bytesOf(20 * MIB, 1))];
    preprocessing.advance(id, PLAIN, 1);
    await putPart(id, 3, bytesOf(20 * MIB, 3));
    preprocessing.advance(id, PLAIN, 3);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hashed, "part 2 is missing").to.deep.equal([]);
    parts.push(await putPart(id, 2, bytesOf(20 * MIB, 2)));
    preprocessing.advance(id, PLAIN, 2);
    await until(() => hashed.length === 1);
    expect(hashed).to.deep.equal(["background"]);
    const third = (await fixture.catalog.uploads.parts(id))[2]!;
    const files = await preprocessing.files(id, [...parts, slice(third.blob, 0, third.size)], settings);
    expect(files[0]!.segments).to.have.length(2);
    expect(hashed, "only what was left is done at the end").to.deep.equal(["background", "foreground"]);
  });

  it("waits at the end for the segment that a thread has begun in the background, and does not do it twice", async () => {
    const id = await upload();
    const content = [await putPart(id, 1, bytesOf(70 * MIB, 1))];
    let goOn: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (goOn = resolve));
    const encoder = Object.assign(Object.create(fixture.encoder) as Encoder, {
      hashSegment: async (slices: Parameters<Encoder["hashSegment"]>[0], format: typeof PLAIN, task: Task) => {
        task.onStart?.();
        hashed.push(task.priority ?? "none");
        if (task.priority === "background") await end;
        return fixture.encoder.hashSegment(slices, format, { priority: "foreground" });
      },
    });
    const own = new ResumablePreprocessing({ catalog: fixture.catalog, blobs: fixture.blobs, encoder });
    own.advance(id, PLAIN, 1);
    await until(() => hashed.length === 1);
    const completing = own.files(id, content, settings);
    await settle();
    goOn();
    const files = await completing;
    expect(hashed).to.deep.equal(["background", "foreground", "foreground"]);
    expect(files[0]!.fid).to.equal((await another().files("direct", content, settings))[0]!.fid);
    await own.close();
  });

  it("takes back what a part that was put again touched", async () => {
    const id = await upload();
    await putPart(id, 1, bytesOf(33 * MIB, 1));
    preprocessing.advance(id, PLAIN, 1);
    await until(() => hashed.length === 1);
    const newer = await putPart(id, 1, bytesOf(33 * MIB, 2));
    preprocessing.advance(id, PLAIN, 1);
    await until(() => hashed.length === 2);
    const direct = await another().files("direct", [newer], settings);
    const files = await preprocessing.files(id, [newer], settings);
    expect(files[0]!.fid).to.equal(direct[0]!.fid);
  });

  it("never works in the background on an upload that is being completed or was forgotten", async () => {
    const id = await upload();
    const content = [await putPart(id, 1, bytesOf(33 * MIB, 1))];
    const completing = preprocessing.files(id, content, settings);
    preprocessing.advance(id, PLAIN, 1);
    await completing;
    expect(hashed).to.deep.equal(["foreground", "foreground"]);
    const other = await upload();
    await putPart(other, 1, bytesOf(33 * MIB, 1));
    preprocessing.advance(other, PLAIN, 1);
    preprocessing.forget(other);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hashed).to.have.length(2);
  });

  it("ends its background work when it is closed", async () => {
    const id = await upload();
    await putPart(id, 1, bytesOf(65 * MIB, 1));
    let began = false;
    beforeHash = () => {
      began = true;
      return Promise.resolve();
    };
    preprocessing.advance(id, PLAIN, 1);
    await until(() => began);
    await preprocessing.close();
    const done = hashed.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(hashed.length).to.be.at.most(done + 1);
  });
});
