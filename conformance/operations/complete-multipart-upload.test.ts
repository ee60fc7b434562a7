import { randomBytes } from "node:crypto";
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, HeadObjectCommand, UploadPartCommand, type CompletedPart } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

const MIB = 2 ** 20;

describe("CompleteMultipartUpload", () => {
  const bucket = useBucket();

  const open = async (Key: string) => {
    const at = { Bucket: bucket.name, Key };
    return { ...at, UploadId: (await s3.send(new CreateMultipartUploadCommand(at))).UploadId };
  };
  const part = async (at: Awaited<ReturnType<typeof open>>, PartNumber: number, Body: Buffer | string): Promise<CompletedPart> => ({ PartNumber, ETag: (await s3.send(new UploadPartCommand({ ...at, PartNumber, Body }))).ETag });
  const complete = (at: Awaited<ReturnType<typeof open>>, Parts: CompletedPart[], settings: object = {}) => s3.send(new CompleteMultipartUploadCommand({ ...at, ...settings, MultipartUpload: { Parts } }));

  it("joins the listed parts in order, whatever order they came in", async () => {
    const at = await open("joined");
    const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB + 1), randomBytes(7)];
    const parts = [await part(at, 9, bodies[2]!), await part(at, 1, bodies[0]!), await part(at, 5, bodies[1]!)];
    const answer = await complete(at, [parts[1]!, parts[2]!, parts[0]!]);
    expect(answer).to.include({ Bucket: at.Bucket, Key: at.Key });
    expect(answer.Location).to.contain(at.Key);
    const got = await s3.send(new GetObjectCommand({ Bucket: at.Bucket, Key: at.Key }));
    expect(got.ETag).to.equal(answer.ETag);
    expect((await bytesOf(got.Body)).equals(Buffer.concat(bodies))).to.equal(true);
  });

  it("answers a repeated Complete as the first one", async () => {
    const at = await open("repeated");
    const parts = [await part(at, 1, "x")];
    const first = await complete(at, parts);
    expect((await complete(at, parts)).ETag).to.equal(first.ETag);
  });

  it("lets parts be read by their number", async () => {
    const at = await open("numbered");
    await complete(at, [await part(at, 1, randomBytes(5 * MIB)), await part(at, 2, "second")]);
    const got = await s3.send(new GetObjectCommand({ Bucket: at.Bucket, Key: at.Key, PartNumber: 2 }));
    expect(got.PartsCount).to.equal(2);
    expect((await bytesOf(got.Body)).toString()).to.equal("second");
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket: at.Bucket, Key: at.Key, PartNumber: 3 })))).to.include({ status: 416 });
  });

  it("refuses a part too small, a wrong order, a wrong ETag, a part never sent and no parts at all", async () => {
    const at = await open("refused");
    const one = await part(at, 1, "small");
    const two = await part(at, 2, "last");
    expect(await refusal(complete(at, [one, two]))).to.include({ code: "EntityTooSmall", status: 400 });
    expect(await refusal(complete(at, [two, one]))).to.include({ code: "InvalidPartOrder", status: 400 });
    expect(await refusal(complete(at, [{ PartNumber: 1, ETag: '"00000000000000000000000000000000"' }]))).to.include({ code: "InvalidPart", status: 400 });
    expect(await refusal(complete(at, [{ PartNumber: 7, ETag: one.ETag }]))).to.include({ code: "InvalidPart", status: 400 });
    expect(await refusal(complete(at, []))).to.include({ code: "MalformedXML", status: 400 });
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: at.Bucket, Key: at.Key })))).status).to.equal(404);
    await s3.send(new AbortMultipartUploadCommand(at));
    expect(await refusal(complete(at, [one]))).to.include({ code: "NoSuchUpload", status: 404 });
  });

  it("obeys If-None-Match: *", async () => {
    const at = await open("joined");
    const parts = [await part(at, 1, "x")];
    expect(await refusal(complete(at, parts, { IfNoneMatch: "*" }))).to.include({ code: "PreconditionFailed", status: 412 });
  });

  it("keeps the checksums that parts came with and verifies the whole", async () => {
    const name = { Bucket: bucket.name, Key: "summed" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...name, ChecksumAlgorithm: "CRC32" }));
    const sent = [];
    for (const [index, Body] of [randomBytes(5 * MIB), "end"].entries()) {
      const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand({ ...name, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "CRC32" }));
      expect(ChecksumCRC32).to.be.a("string");
      sent.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
    }
    const wrong = sent.map((each) => ({ ...each, ChecksumCRC32: "AAAAAA==" }));
    expect((await refusal(s3.send(new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload: { Parts: wrong } })))).code).to.be.oneOf(["InvalidPart", "BadDigest"]);
    const { ChecksumCRC32, ChecksumType } = await s3.send(new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload: { Parts: sent } }));
    expect(ChecksumCRC32).to.match(/-2$/);
    expect(ChecksumType).to.equal("COMPOSITE");
    expect((await s3.send(new HeadObjectCommand({ ...name, ChecksumMode: "ENABLED" }))).ChecksumCRC32).to.equal(ChecksumCRC32);
  });
});
