import { expect } from "chai";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { FileBlobs } from "../../../../src/blobs/file-blobs.js";
import { HEADER_SIZE } from "../../../../src/blobs/pack-contents.js";
import { DiskSpace } from "../../../../src/files/disk-space.js";
import { MIB } from "../../../../src/model/sizes.js";
import { systemClock } from "../../../../src/async/system-clock.js";
import { ResumablePreprocessing } from "../../../../src/preprocessing/resumable-preprocessing.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { alice, as, body, bytesOf, plainly, refused, TestGateway } from "../../../support/test-gateway.js";

const RESERVE = MIB;

describe("A gateway whose disk is full but for its reserve", () => {
  let fixture: TestGateway;
  let gateway: AskingGateway;
  let blobs: FileBlobs;
  let preprocessing: ResumablePreprocessing;
  /** Bytes of the disk. */
  let size: number;
  const at = (key: string) => ({ bucket: "box", key });
  const put = (key: string, given: ReturnType<typeof body>) => gateway.objects.put(as(alice), at(key), given, plainly);
  const unread = (size: number) => ({
    ...body(Buffer.alloc(0), { size }),
    stream: {
      [Symbol.asyncIterator]: () => {
        throw new Error("the body was read");
      },
    },
  });

  /** Bytes that blobs take, whole or not. */
  async function used(): Promise<number> {
    const entries = await readdir(join(fixture.folder, "small"), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const sizes = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
    return sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0);
  }

  beforeEach(async () => {
    fixture = await TestGateway.build();
    size = 1000 * MIB;
    const measure = async () => ({ free: size - (await used()), total: size });
    const space = new DiskSpace({ clock: systemClock, measure }, { reserveBytes: RESERVE, freshMs: 0 });
    blobs = await FileBlobs.open({ folder: join(fixture.folder, "small"), space });
    preprocessing = new ResumablePreprocessing({ catalog: fixture.catalog, encoder: fixture.encoder, blobs });
    gateway = fixture.gatewayWith({ blobs, preprocessing });
    await gateway.buckets.create(as(alice), "box");
  });
  afterEach(async () => {
    await preprocessing.close();
    await blobs.close();
    await fixture.close();
  });

  it("refuses bodies, those of announced size before they are read, and leaves nothing of the others", async () => {
    size = RESERVE + 100_000;
    await refused("InsufficientStorage", put("k", unread(100_001)));
    await refused("InsufficientStorage", put("k", body(bytesOf(2 * MIB, 1), { size: undefined })));
    await refused(
      "InsufficientStorage",
      put("k", body(bytesOf(1000, 1), { size: undefined })).then(() => put("k", unread(100_001))),
    );
    expect(await used(), "the small object, with its head").to.equal(1000 + HEADER_SIZE);
  });

  it("does all that frees space or needs none", async () => {
    await put("kept", body(bytesOf(1000, 1)));
    await put("gone", body(bytesOf(1000, 2)));
    const upload = await gateway.uploads.create(as(alice), at("upload"), plainly);
    const { etag } = await gateway.uploads.putPart(as(alice), at("upload"), upload.id, 1, body(bytesOf(1000, 3)));
    size = RESERVE + (await used());
    await refused("InsufficientStorage", put("more", unread(1)));
    await refused("InsufficientStorage", gateway.uploads.putPart(as(alice), at("upload"), upload.id, 2, unread(1)));
    const other = await gateway.uploads.create(as(alice), at("other"), plainly);
    await gateway.uploads.abort(as(alice), at("other"), other.id);
    await (
      await gateway.uploads.complete(as(alice), at("upload"), upload.id, { parts: [{ partNumber: 1, etag }] })
    ).result;
    await gateway.objects.delete(as(alice), at("gone"));
    await put("empty", body(Buffer.alloc(0)));
    size += 2000;
    await put("more", body(bytesOf(1000, 4)));
  });
});
