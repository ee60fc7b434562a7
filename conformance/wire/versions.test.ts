import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { bytesOf, refusal, s3 } from "../support/target.js";
import { useVersionedBucket } from "../support/versioned.js";

describe("versions", () => {
  const { bucket, setVersioning, put } = useVersionedBucket();
  const text = async (Key: string, VersionId?: string) =>
    (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key, VersionId }))).Body)).toString();
  const remove = (Key: string, VersionId?: string) =>
    s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key, VersionId }));
  const versionsOf = async (Prefix: string) => {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix }),
    );
    return [...Versions, ...DeleteMarkers].map(({ VersionId }) => VersionId);
  };

  it("reads each version by its ID, and the newest without", async () => {
    const [first, second] = [await put("read", "one"), await put("read", "three")];
    expect(first).not.to.equal(second);
    expect(await text("read")).to.equal("three");
    expect(await text("read", first)).to.equal("one");
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "read", VersionId: first }));
    expect({ id: head.VersionId, size: head.ContentLength }).to.deep.equal({ id: first, size: 3 });
    expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "read" }))).VersionId).to.equal(second);
  });

  it("hides an object behind a delete marker, and shows it again without", async () => {
    const version = await put("hide", "seen");
    const { DeleteMarker, VersionId: marker } = await remove("hide");
    expect(DeleteMarker).to.equal(true);
    const hidden = await send({ method: "GET", path: `/${bucket.name}/hide` });
    expect(hidden).to.include({ status: 404, code: "NoSuchKey" });
    expect(hidden.headers).to.include({ "x-amz-delete-marker": "true", "x-amz-version-id": marker });
    const named = await send({ method: "GET", path: `/${bucket.name}/hide?versionId=${marker}` });
    expect(named).to.include({ status: 405, code: "MethodNotAllowed" });
    expect(named.headers).to.include({ "x-amz-delete-marker": "true", allow: "DELETE" });
    expect((await send({ method: "HEAD", path: `/${bucket.name}/hide?versionId=${marker}` })).status).to.equal(405);
    expect((await s3.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix: "hide" }))).KeyCount).to.equal(0);
    expect(await text("hide", version)).to.equal("seen");
    expect(await remove("hide", marker)).to.include({ DeleteMarker: true, VersionId: marker });
    expect(await text("hide")).to.equal("seen");
  });

  it("removes a version for good by its ID, and the one before it becomes current", async () => {
    const [first, second] = [await put("gone", "one"), await put("gone", "two")];
    const answer = await remove("gone", second);
    expect({ id: answer.VersionId, marker: answer.DeleteMarker }).to.deep.equal({ id: second, marker: undefined });
    expect(await text("gone")).to.equal("one");
    expect(await refusal(text("gone", second))).to.include({ code: "NoSuchVersion", status: 404 });
    await remove("gone", second);
    expect(await versionsOf("gone")).to.deep.equal([first]);
  });

  it("refuses an ID that can be none", async () => {
    expect(await send({ method: "GET", path: `/${bucket.name}/read?versionId=` })).to.include({
      status: 400,
      code: "InvalidArgument",
    });
    expect(await send({ method: "GET", path: `/${bucket.name}/read?versionId=%20` })).to.include({
      status: 400,
      code: "InvalidArgument",
    });
  });

  it("copies a certain version, also onto its own key, which restores it", async () => {
    const [first] = [await put("copy", "old"), await put("copy", "new")];
    const restored = await s3.send(
      new CopyObjectCommand({ Bucket: bucket.name, Key: "copy", CopySource: `${bucket.name}/copy?versionId=${first}` }),
    );
    expect(restored.CopySourceVersionId).to.equal(first);
    expect(await text("copy")).to.equal("old");
    expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "copy" }))).VersionId).to.equal(
      restored.VersionId,
    );
    expect(await versionsOf("copy")).to.have.length(3);
    const { VersionId: marker } = await remove("copy");
    const copyOf = (CopySource: string) =>
      s3.send(new CopyObjectCommand({ Bucket: bucket.name, Key: "other", CopySource }));
    expect(await refusal(copyOf(`${bucket.name}/copy`))).to.include({ code: "NoSuchKey", status: 404 });
    expect((await refusal(copyOf(`${bucket.name}/copy?versionId=${marker}`))).status).to.equal(400);
    await copyOf(`${bucket.name}/copy?versionId=${first}`);
    expect(await text("other")).to.equal("old");
  });

  it("completes an upload into a version, also from the parts of an older one", async () => {
    const first = await put("parts", "from this version");
    await put("parts", "not from this one");
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: "parts" }));
    const at = { Bucket: bucket.name, Key: "parts", UploadId };
    const copied = await s3.send(
      new UploadPartCopyCommand({ ...at, PartNumber: 1, CopySource: `${bucket.name}/parts?versionId=${first}` }),
    );
    expect(copied.CopySourceVersionId).to.equal(first);
    const { VersionId } = await s3.send(
      new CompleteMultipartUploadCommand({
        ...at,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }] },
      }),
    );
    expect(await text("parts", VersionId)).to.equal("from this version");
    expect((await versionsOf("parts"))[0]).to.equal(VersionId);
    const { UploadId: other } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: "parts" }));
    await s3.send(
      new UploadPartCommand({ Bucket: bucket.name, Key: "parts", UploadId: other, PartNumber: 1, Body: "x" }),
    );
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: "parts", UploadId: other }));
  });

  it("removes many versions in one request, telling markers set from markers removed", async () => {
    const version = await put("many", "x");
    const objects = (Objects: { Key: string; VersionId?: string }[]) =>
      s3.send(new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects } }));
    const [set] = (await objects([{ Key: "many" }])).Deleted ?? [];
    expect(set).to.include({ Key: "many", DeleteMarker: true });
    expect(set?.VersionId).to.equal(undefined);
    const marker = set?.DeleteMarkerVersionId ?? "";
    const { Deleted = [] } = await objects([
      { Key: "many", VersionId: marker },
      { Key: "many", VersionId: version },
    ]);
    expect(Deleted).to.deep.equal([
      { Key: "many", VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
      { Key: "many", VersionId: version },
    ]);
    expect(await versionsOf("many")).to.deep.equal([]);
  });

  it("deletes on a condition", async () => {
    const first = await put("condition", "one");
    const { ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "condition" }));
    await put("condition", "two");
    const conditional = (IfMatch: string, VersionId?: string) =>
      s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "condition", IfMatch, VersionId }));
    expect(await refusal(conditional(ETag ?? ""))).to.include({ code: "PreconditionFailed", status: 412 });
    await conditional(ETag ?? "", first);
    await conditional("*");
    expect(
      await text("condition").then(
        () => "there",
        () => "hidden",
      ),
    ).to.equal("hidden");
  });

  it("keeps a bucket that holds nothing but a delete marker", async () => {
    await remove("never there");
    expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket: bucket.name })))).to.include({
      code: "BucketNotEmpty",
      status: 409,
    });
  });

  it("overwrites the null version, and that alone, while versioning is suspended", async () => {
    const kept = await put("suspended", "kept");
    await setVersioning("Suspended");
    try {
      await put("suspended", "one");
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "suspended", Body: "two" }));
      expect(await text("suspended", "null")).to.equal("two");
      expect(await text("suspended", kept)).to.equal("kept");
      expect(await versionsOf("suspended")).to.deep.equal(["null", kept]);
      expect(await remove("suspended")).to.include({ DeleteMarker: true, VersionId: "null" });
      expect(await versionsOf("suspended")).to.have.members([kept, "null"]);
      await remove("suspended", "null");
      expect(await text("suspended")).to.equal("kept");
    } finally {
      await setVersioning("Enabled");
    }
  });
});
