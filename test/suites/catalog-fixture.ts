import { expect } from "chai";
import { createHash } from "node:crypto";
import type { Catalog, NewFile, NewVersion, Written } from "../../src/catalog/catalog.js";
import type { Clock } from "../../src/model/clock.js";
import { DomainError, type Problem } from "../../src/model/errors.js";
import { PLAIN, type SegmentHashes } from "../../src/model/file.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { LeaseLost } from "../../src/model/lease-lost.js";
import type { BlobId, BlobSlice } from "../../src/model/object.js";

/** A clock that stands until it is turned. */
export class TestClock implements Clock {
  time = 1_760_000_000_000;
  now(): number {
    return this.time;
  }
  sleep(): Promise<void> {
    return Promise.resolve();
  }
}

export type OpenCatalog = (
  clock: TestClock,
) => Promise<{ readonly catalog: Catalog; readonly end: () => Promise<void> }>;

/** A catalog with bucket `box` of owner `anna`, fresh for each test. */
export class CatalogFixture {
  clock = new TestClock();
  catalog!: Catalog;
  private end: () => Promise<void> = () => Promise.resolve();

  static forEach(open: OpenCatalog): CatalogFixture {
    const fixture = new CatalogFixture();
    beforeEach(async () => {
      fixture.clock = new TestClock();
      const opened = await open(fixture.clock);
      fixture.catalog = opened.catalog;
      fixture.end = opened.end;
      await fixture.catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
    });
    afterEach(() => fixture.end());
    return fixture;
  }

  put(key: string, blob = `blob of ${key}`, more: Partial<NewVersion> = {}): Promise<Written> {
    return this.catalog.objects.put(version(key, more), { blobs: [slice(blob)] });
  }

  /** A version that is encoded into one file of these contents; returns its id and the file's row id. */
  async putEncoded(
    key: string,
    content = key,
    more: Partial<NewVersion> = {},
  ): Promise<{ readonly id: string; readonly file: string }> {
    const {
      version: { id },
    } = await this.put(key, `blob of ${key}`, more);
    await this.catalog.objects.attach(id, [file(content, [slice(`blob of ${key}`)])]);
    return { id, file: (await this.catalog.objects.extents(id))[0]!.file };
  }

  async putStored(key: string, content = key): Promise<{ readonly id: string; readonly file: string }> {
    const put = await this.putEncoded(key, content);
    await this.catalog.files.stored(put.file);
    return put;
  }
}

export function version(key: string, more: Partial<NewVersion> = {}): NewVersion {
  return { bucket: "box", key, owner: "anna", size: 5, etag: `etag of ${key}`, content: {}, metadata: {}, ...more };
}

export function slice(blob: string, length = 5): BlobSlice {
  return { blob: blob as BlobId, offset: 0, length };
}

export function hash(text: string): Hash {
  return createHash("sha256").update(text).digest("hex") as Hash;
}

export function segment(text: string): SegmentHashes {
  return { hash: hash(text), fragments: Array.from({ length: 12 }, (_, index) => hash(`${text} ${index}`)) };
}

export function file(content: string, blobs: readonly BlobSlice[], more: Partial<NewFile> = {}): NewFile {
  return {
    fid: hash(`fid ${content}`) as Fid,
    size: 5,
    format: PLAIN,
    segments: [segment(content)],
    territory: "land",
    blobs,
    ...more,
  };
}

/** What LeaseLost says, with which the work is to be refused. */
export async function lossOf(work: Promise<unknown>, what = "it"): Promise<Pick<LeaseLost, "gone">> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, `${what} should be refused with LeaseLost`).to.be.instanceOf(LeaseLost);
  return { gone: (error as LeaseLost).gone };
}

export async function refusal(work: Promise<unknown>, kind: Problem["kind"]): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, `should be refused with ${kind}`).to.be.instanceOf(DomainError);
  expect((error as DomainError).kind).to.equal(kind);
}
