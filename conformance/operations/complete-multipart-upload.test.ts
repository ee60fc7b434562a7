import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

const MIB = 2 ** 20;

describe("CompleteMultipartUpload", () => {
  const bucket = useBucket();

  const open = async (Key: string) => {
    const at = { Bucket: bucket.name, Key };
    return { ...at, UploadId: (await s3.send(new CreateMultipartUploadCommand(at))).UploadId };
  };
  const part = async (
    at: Awaited<ReturnType<typeof open>>,
    PartNumber: number,
    Body: Buffer | string,
  ): Promise<CompletedPart> => ({
    PartNumber,
    ETag: (await s3.send(new UploadPartCommand({ ...at, PartNumber, Body }))).ETag,
  });
  const complete = (at: Awaited<ReturnType<typeof open>>, Parts: CompletedPart[], settings: object = {}) =>
    s3.send(new CompleteMultipartUploadCommand({ ...at, ...settings, MultipartUpload: { Parts } }));

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
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket: at.Bucket, Key: at.Key, PartNumber: 3 })))).to.include({
      status: 416,
    });
  });

  it("refuses a part too small, a wrong order, a wrong ETag, a part never sent and no parts at all", async () => {
    const at = await open("refused");
    const one = await part(at, 1, "small");
    const two = await part(at, 2, "last");
    expect(await refusal(complete(at, [one, two]))).to.include({ code: "EntityTooSmall", status: 400 });
    expect(await refusal(complete(at, [two, one]))).to.include({ code: "InvalidPartOrder", status: 400 });
    expect(await refusal(complete(at, [{ PartNumber: 1, ETag: '"00000000000000000000000000000000"' }]))).to.include({
      code: "InvalidPart",
      status: 400,
    });
    expect(await refusal(complete(at, [{ PartNumber: 7, ETag: one.ETag }]))).to.include({
      code: "InvalidPart",
      status: 400,
    });
    expect(await refusal(complete(at, []))).to.include({ code: "MalformedXML", status: 400 });
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: at.Bucket, Key: at.Key })))).status).to.equal(404);
    await s3.send(new AbortMultipartUploadCommand(at));
    expect(await refusal(complete(at, [one]))).to.include({ code: "NoSuchUpload", status: 404 });
  });

  it("obeys If-None-Match: *", async () => {
    const at = await open("joined");
    const parts = [await part(at, 1, "x")];
    expect(await refusal(complete(at, parts, { IfNoneMatch: "*" }))).to.include({
      code: "PreconditionFailed",
      status: 412,
    });
  });

  it("keeps the checksums that parts came with and verifies the whole", async () => {
    const name = { Bucket: bucket.name, Key: "summed" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...name, ChecksumAlgorithm: "CRC32" }));
    const sent = [];
    for (const [index, Body] of [randomBytes(5 * MIB), "end"].entries()) {
      const { ETag, ChecksumCRC32 } = await s3.send(
        new UploadPartCommand({ ...name, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "CRC32" }),
      );
      expect(ChecksumCRC32).to.be.a("string");
      sent.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
    }
    const wrong = sent.map((each) => ({ ...each, ChecksumCRC32: "AAAAAA==" }));
    expect(
      (
        await refusal(
          s3.send(new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload: { Parts: wrong } })),
        )
      ).code,
    ).to.be.oneOf(["InvalidPart", "BadDigest"]);
    expect(
      (
        await refusal(
          s3.send(
            new CompleteMultipartUploadCommand({
              ...name,
              UploadId,
              MultipartUpload: { Parts: sent },
              ChecksumCRC32: "AAAAAA==-2",
            }),
          ),
        )
      ).code,
    ).to.equal("BadDigest");
    const { ChecksumCRC32, ChecksumType } = await s3.send(
      new CompleteMultipartUploadCommand({
        ...name,
        UploadId,
        MultipartUpload: { Parts: sent },
        ChecksumCRC32: composite(sent.map((each) => each.ChecksumCRC32)),
      }),
    );
    expect(ChecksumCRC32).to.match(/-2$/);
    expect(ChecksumType).to.equal("COMPOSITE");
    expect((await s3.send(new HeadObjectCommand({ ...name, ChecksumMode: "ENABLED" }))).ChecksumCRC32).to.equal(
      ChecksumCRC32,
    );
  });

  it("refuses a size that the parts do not add up to", async () => {
    const at = await open("sized");
    const parts = [await part(at, 1, "12345")];
    expect(await refusal(complete(at, parts, { MpuObjectSize: 6 }))).to.include({
      code: "InvalidRequest",
      status: 400,
    });
    expect((await complete(at, parts, { MpuObjectSize: 5 })).ETag).to.be.a("string");
  });

  it("makes one checksum of the whole object of its parts' where FULL_OBJECT was asked for, and verifies the client's own", async () => {
    const bodies = [randomBytes(5 * MIB), Buffer.from("end")];
    for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
      const field = `Checksum${algorithm}` as "ChecksumCRC32";
      const name = { Bucket: bucket.name, Key: `full-${algorithm}` };
      const whole = (
        await s3.send(new PutObjectCommand({ ...name, Body: Buffer.concat(bodies), ChecksumAlgorithm: algorithm }))
      )[field];
      const upload = async () => {
        const { UploadId } = await s3.send(
          new CreateMultipartUploadCommand({ ...name, ChecksumAlgorithm: algorithm, ChecksumType: "FULL_OBJECT" }),
        );
        const Parts = [];
        for (const [index, Body] of bodies.entries()) {
          const sent = await s3.send(
            new UploadPartCommand({ ...name, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: algorithm }),
          );
          Parts.push({ PartNumber: index + 1, ETag: sent.ETag, [field]: sent[field] });
        }
        return { ...name, UploadId, MultipartUpload: { Parts } };
      };
      const input = await upload();
      const wrong = Buffer.from(whole ?? "", "base64").map((byte) => byte ^ 1);
      expect(
        await refusal(
          s3.send(new CompleteMultipartUploadCommand({ ...input, [field]: Buffer.from(wrong).toString("base64") })),
        ),
        algorithm,
      ).to.include({ code: "BadDigest", status: 400 });
      expect(
        await refusal(s3.send(new CompleteMultipartUploadCommand({ ...input, ChecksumType: "COMPOSITE" }))),
        algorithm,
      ).to.include({ code: "InvalidRequest", status: 400 });
      const answer = await s3.send(
        new CompleteMultipartUploadCommand({ ...input, [field]: whole, ChecksumType: "FULL_OBJECT" }),
      );
      expect([answer[field], answer.ChecksumType], algorithm).to.deep.equal([whole, "FULL_OBJECT"]);
      const head = await s3.send(new HeadObjectCommand({ ...name, ChecksumMode: "ENABLED" }));
      expect([head[field], head.ChecksumType]).to.deep.equal([whole, "FULL_OBJECT"]);
      expect((await s3.send(new HeadObjectCommand(name)))[field], "only when it is asked for").to.equal(undefined);
    }
  });

  it("knows which checksums can be of the whole and which of the parts alone", async () => {
    const create = (
      ChecksumAlgorithm: "SHA1" | "SHA256" | "CRC64NVME" | "CRC32",
      ChecksumType: "FULL_OBJECT" | "COMPOSITE",
    ) =>
      s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: "types", ChecksumAlgorithm, ChecksumType }));
    expect((await refusal(create("SHA256", "FULL_OBJECT"))).code).to.equal("InvalidRequest");
    expect((await refusal(create("SHA1", "FULL_OBJECT"))).code).to.equal("InvalidRequest");
    expect((await refusal(create("CRC64NVME", "COMPOSITE"))).code).to.equal("InvalidRequest");
    const { UploadId } = await create("SHA256", "COMPOSITE");
    const other = s3.send(
      new UploadPartCommand({
        Bucket: bucket.name,
        Key: "types",
        UploadId,
        PartNumber: 1,
        Body: "x",
        ChecksumAlgorithm: "CRC32",
      }),
    );
    expect(await refusal(other), "an algorithm the upload was not created with").to.include({
      code: "InvalidRequest",
      status: 400,
    });
  });
});

/** S3's checksum of the parts' checksums. */
function composite(sums: readonly (string | undefined)[]): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat(sums.map((each) => Buffer.from(each ?? "", "base64")))));
  return `${sum.toString("base64")}-${sums.length}`;
}
