import { randomBytes } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { customerHeaders, customerKey, sourceKey } from "../support/customer-key.js";
import { send } from "../support/signed.js";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

const MIB = 2 ** 20;
const SSE = "x-amz-server-side-encryption";

describe("server-side encryption", () => {
  const bucket = useBucket();
  const at = (Key: string) => ({ Bucket: bucket.name, Key });
  const body = randomBytes(200_000);
  const put = (Key: string, more: Partial<PutObjectCommandInput> = {}) =>
    s3.send(new PutObjectCommand({ ...at(Key), Body: body, ...more }));
  const read = async (Key: string, more: object = {}) =>
    bytesOf((await s3.send(new GetObjectCommand({ ...at(Key), ...more }))).Body);
  const raw = (method: string, path: string, headers: Record<string, string>) =>
    send({ method, path: `/${bucket.name}/${path}`, headers, body: method === "PUT" ? "x" : "" });

  describe("with the server's keys", () => {
    it("is said in the answers to PUT, HEAD and GET, and ranges are the plaintext's", async () => {
      expect((await put("aes", { ServerSideEncryption: "AES256" })).ServerSideEncryption).to.equal("AES256");
      expect((await s3.send(new HeadObjectCommand(at("aes")))).ServerSideEncryption).to.equal("AES256");
      const part = await s3.send(new GetObjectCommand({ ...at("aes"), Range: "bytes=65000-131999" }));
      expect(part.ServerSideEncryption).to.equal("AES256");
      expect(await bytesOf(part.Body)).to.deep.equal(body.subarray(65_000, 132_000));
    });

    it("takes a KMS key by its name, the default one without, and refuses one that is not there", async () => {
      const named = await put("kms", {
        ServerSideEncryption: "aws:kms",
        SSEKMSKeyId: "alias/aws/s3",
        BucketKeyEnabled: true,
      });
      expect(named).to.include({ ServerSideEncryption: "aws:kms", BucketKeyEnabled: true });
      expect((await put("kms-default", { ServerSideEncryption: "aws:kms" })).SSEKMSKeyId).to.be.a("string");
      expect(await read("kms")).to.deep.equal(body);
      expect(await refusal(put("never", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "no-such-key" }))).to.include({
        code: "KMS.NotFoundException",
        status: 400,
      });
    });

    it("binds the encryption context, and refuses one that is none", async () => {
      const context = Buffer.from(JSON.stringify({ department: "10103.0" })).toString("base64");
      await put("context", { ServerSideEncryption: "aws:kms", SSEKMSEncryptionContext: context });
      expect(await read("context")).to.deep.equal(body);
      expect(
        await refusal(put("never", { ServerSideEncryption: "aws:kms", SSEKMSEncryptionContext: "bm90IGpzb24=" })),
      ).to.include({ code: "InvalidArgument", status: 400 });
    });

    it("refuses what contradicts itself or is not known", async () => {
      expect(await raw("PUT", "never", { [SSE]: "ROT13" })).to.include({ status: 400, code: "InvalidArgument" });
      expect(await raw("PUT", "never", { [SSE]: "AES256", [`${SSE}-aws-kms-key-id`]: "aws/s3" })).to.include({
        status: 400,
        code: "InvalidArgument",
      });
      expect(await raw("PUT", "never", { [`${SSE}-aws-kms-key-id`]: "aws/s3" })).to.include({
        status: 400,
        code: "InvalidArgument",
      });
      expect(await raw("PUT", "never", { [SSE]: "AES256", ...customerHeaders(customerKey()) })).to.include({
        status: 400,
        code: "InvalidArgument",
      });
    });

    it("is no header of a read", async () => {
      expect(await raw("GET", "aes", { [SSE]: "AES256" })).to.include({ status: 400, code: "InvalidArgument" });
      expect((await raw("HEAD", "aes", { [SSE]: "AES256" })).status).to.equal(400);
    });

    it("can be demanded by a bucket's policy", async () => {
      const deny = (Condition: object) => ({
        Effect: "Deny",
        Principal: "*",
        Action: "s3:PutObject",
        Resource: `arn:aws:s3:::${bucket.name}/demanded/*`,
        Condition,
      });
      // The owner may do all that is not denied.
      await s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket.name,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              deny({ Null: { [`s3:${SSE}`]: "true" } }),
              deny({ StringNotEquals: { [`s3:${SSE}`]: ["AES256", "aws:kms"] } }),
              deny({
                StringEquals: { [`s3:${SSE}`]: "aws:kms" },
                StringNotEquals: { [`s3:${SSE}-aws-kms-key-id`]: "aws/s3" },
              }),
            ],
          }),
        }),
      );
      expect(await refusal(put("demanded/plain"))).to.include({ code: "AccessDenied", status: 403 });
      expect(await refusal(put("demanded/key", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "other" }))).to.include({
        code: "AccessDenied",
        status: 403,
      });
      await put("demanded/aes", { ServerSideEncryption: "AES256" });
      await put("demanded/kms", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "aws/s3" });
    });

    it("is demanded of an upload once, not of its parts, which do not say it", async () => {
      expect(await refusal(s3.send(new CreateMultipartUploadCommand(at("demanded/parts"))))).to.include({
        code: "AccessDenied",
        status: 403,
      });
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({ ...at("demanded/parts"), ServerSideEncryption: "AES256" }),
      );
      const { ETag } = await s3.send(
        new UploadPartCommand({ ...at("demanded/parts"), UploadId, PartNumber: 1, Body: body }),
      );
      await s3.send(
        new CompleteMultipartUploadCommand({
          ...at("demanded/parts"),
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      );
      expect(await read("demanded/parts")).to.deep.equal(body);
      await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name }));
    });
  });

  describe("with a customer's key", () => {
    const key = customerKey();
    before(() => put("customer", key));

    it("gives the bytes to who brings the key, and echoes which one it was", async () => {
      const written = await put("echo", key);
      expect(written).to.include({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: key.SSECustomerKeyMD5 });
      expect(written.ServerSideEncryption).to.equal(undefined);
      const answer = await s3.send(new GetObjectCommand({ ...at("customer"), ...key, Range: "bytes=100-65600" }));
      expect(answer).to.include({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: key.SSECustomerKeyMD5 });
      expect(await bytesOf(answer.Body)).to.deep.equal(body.subarray(100, 65_601));
      expect(await s3.send(new HeadObjectCommand({ ...at("customer"), ...key }))).to.include({
        ContentLength: body.length,
        SSECustomerKeyMD5: key.SSECustomerKeyMD5,
      });
      expect(
        (await s3.send(new GetObjectAttributesCommand({ ...at("customer"), ...key, ObjectAttributes: ["ObjectSize"] })))
          .ObjectSize,
      ).to.equal(body.length);
    });

    it("answers 400 to a read without a key and 403 to one with another", async () => {
      expect(await refusal(read("customer"))).to.include({ code: "InvalidRequest", status: 400 });
      expect(await refusal(read("customer", customerKey()))).to.include({ code: "AccessDenied", status: 403 });
      expect((await refusal(s3.send(new HeadObjectCommand(at("customer"))))).status).to.equal(400);
      expect((await refusal(s3.send(new HeadObjectCommand({ ...at("customer"), ...customerKey() })))).status).to.equal(
        403,
      );
      expect(
        await refusal(s3.send(new GetObjectAttributesCommand({ ...at("customer"), ObjectAttributes: ["ETag"] }))),
      ).to.include({ code: "InvalidRequest", status: 400 });
    });

    it("holds for the empty object, too", async () => {
      await put("empty", { Body: "", ...key });
      expect((await read("empty", key)).length).to.equal(0);
      expect(await refusal(read("empty"))).to.include({ code: "InvalidRequest", status: 400 });
      expect(await refusal(read("empty", customerKey()))).to.include({ code: "AccessDenied", status: 403 });
    });

    it("is refused for an object that has none", async () => {
      await put("plain", { ServerSideEncryption: "AES256" });
      expect(await refusal(read("plain", key))).to.include({ code: "InvalidRequest", status: 400 });
    });

    it("refuses headers that are not all there, or do not fit", async () => {
      const whole = customerHeaders(key);
      const names = Object.keys(whole);
      for (const missing of names) {
        const rest = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== missing));
        expect(await raw("PUT", "never", rest), missing).to.include({ status: 400, code: "InvalidArgument" });
        expect(await raw("GET", "customer", rest), missing).to.include({ status: 400, code: "InvalidArgument" });
      }
      const [algorithm = "", name = "", md5 = ""] = names;
      expect(await raw("PUT", "never", { ...whole, [algorithm]: "AES128" })).to.include({
        status: 400,
        code: "InvalidEncryptionAlgorithmError",
      });
      expect(await raw("PUT", "never", { ...whole, [md5]: customerKey().SSECustomerKeyMD5 })).to.include({
        status: 400,
        code: "InvalidArgument",
      });
      for (const short of [customerKey(randomBytes(16)), { ...key, SSECustomerKey: "not base64 at all!" }]) {
        const refused = await raw("PUT", "never", {
          ...whole,
          [name]: short.SSECustomerKey,
          [md5]: short.SSECustomerKeyMD5,
        });
        expect(refused).to.include({ status: 400, code: "InvalidArgument" });
        expect(refused.body, "the key is in no answer").not.to.contain(short.SSECustomerKey);
      }
      expect((await raw("HEAD", "never", {})).status, "nothing was written").to.equal(404);
    });
  });

  describe("of copies", () => {
    const key = customerKey();
    const from = (Key: string) => `${bucket.name}/${Key}`;
    before(async () => {
      await put("copy/plain");
      await put("copy/customer", key);
    });

    it("is the copy's own: given by its request, or by default, never the source's", async () => {
      const other = customerKey();
      await s3.send(
        new CopyObjectCommand({
          ...at("copy/encrypted"),
          CopySource: from("copy/plain"),
          ServerSideEncryption: "AES256",
        }),
      );
      expect((await s3.send(new HeadObjectCommand(at("copy/encrypted")))).ServerSideEncryption).to.equal("AES256");
      const copied = await s3.send(
        new CopyObjectCommand({ ...at("copy/other"), CopySource: from("copy/customer"), ...sourceKey(key), ...other }),
      );
      expect(copied).to.include({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: other.SSECustomerKeyMD5 });
      await s3.send(
        new CopyObjectCommand({ ...at("copy/opened"), CopySource: from("copy/customer"), ...sourceKey(key) }),
      );
      for (const [Key, keys] of [
        ["copy/encrypted", {}],
        ["copy/other", other],
        ["copy/opened", {}],
      ] as const)
        expect(await read(Key, keys), Key).to.deep.equal(body);
      expect(await refusal(read("copy/other", key))).to.include({ code: "AccessDenied" });
    });

    it("needs the source's key", async () => {
      const copy = (more: object) =>
        s3.send(new CopyObjectCommand({ ...at("copy/never"), CopySource: from("copy/customer"), ...more }));
      expect(await refusal(copy({}))).to.include({ code: "InvalidRequest", status: 400 });
      expect(await refusal(copy(sourceKey(customerKey())))).to.include({ code: "AccessDenied", status: 403 });
    });

    it("may be all that a copy onto itself changes", async () => {
      await put("copy/self");
      await s3.send(
        new CopyObjectCommand({ ...at("copy/self"), CopySource: from("copy/self"), ServerSideEncryption: "aws:kms" }),
      );
      expect((await s3.send(new HeadObjectCommand(at("copy/self")))).ServerSideEncryption).to.equal("aws:kms");
      expect(await read("copy/self")).to.deep.equal(body);
    });
  });

  describe("of multipart uploads", () => {
    const first = randomBytes(5 * MIB + 1);
    const create = async (Key: string, more: object) =>
      (await s3.send(new CreateMultipartUploadCommand({ ...at(Key), ...more }))).UploadId;
    const part = (Key: string, UploadId: string | undefined, PartNumber: number, more: object = {}, Body = first) =>
      s3.send(new UploadPartCommand({ ...at(Key), UploadId, PartNumber, Body, ...more }));

    it("is chosen when the upload is created, and shown by each of its answers", async () => {
      const Key = "parts/aes";
      const created = await s3.send(new CreateMultipartUploadCommand({ ...at(Key), ServerSideEncryption: "AES256" }));
      expect(created.ServerSideEncryption).to.equal("AES256");
      const { UploadId } = created;
      const one = await part(Key, UploadId, 1);
      expect(one.ServerSideEncryption).to.equal("AES256");
      const two = await s3.send(
        new UploadPartCopyCommand({
          ...at(Key),
          UploadId,
          PartNumber: 2,
          CopySource: `${bucket.name}/copy/customer`,
          ...sourceKey(await keyOfCopy()),
          CopySourceRange: "bytes=10-99999",
        }),
      );
      expect(two.ServerSideEncryption).to.equal("AES256");
      const completed = await s3.send(
        new CompleteMultipartUploadCommand({
          ...at(Key),
          UploadId,
          MultipartUpload: {
            Parts: [
              { PartNumber: 1, ETag: one.ETag },
              { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
            ],
          },
        }),
      );
      expect(completed.ServerSideEncryption).to.equal("AES256");
      expect(await read(Key)).to.deep.equal(Buffer.concat([first, body.subarray(10, 100_000)]));
    });

    it("is passed over in the request that completes one, where minio-go repeats it", async () => {
      const Key = "parts/repeated";
      const UploadId = await create(Key, { ServerSideEncryption: "AES256" });
      const { ETag = "" } = await part(Key, UploadId, 1);
      const answer = await send({
        method: "POST",
        path: `/${bucket.name}/${Key}?uploadId=${UploadId ?? ""}`,
        headers: { [SSE]: "AES256" },
        body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`,
      });
      expect([answer.status, answer.code, answer.headers[SSE]]).to.deep.equal([200, undefined, "AES256"]);
    });

    const keyOfCopy = async () => {
      const key = customerKey();
      await put("copy/customer", key);
      return key;
    };

    it("wants the customer's key with every part, and no other", async () => {
      const Key = "parts/customer";
      const key = customerKey();
      const created = await s3.send(new CreateMultipartUploadCommand({ ...at(Key), ...key }));
      expect(created).to.include({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: key.SSECustomerKeyMD5 });
      const { UploadId } = created;
      expect(await refusal(part(Key, UploadId, 1))).to.include({ code: "InvalidRequest", status: 400 });
      expect(await refusal(part(Key, UploadId, 1, customerKey()))).to.include({ code: "InvalidRequest", status: 400 });
      const one = await part(Key, UploadId, 1, key);
      expect(one).to.include({ SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: key.SSECustomerKeyMD5 });
      const copied = s3.send(
        new UploadPartCopyCommand({ ...at(Key), UploadId, PartNumber: 2, CopySource: `${bucket.name}/copy/plain` }),
      );
      expect(await refusal(copied)).to.include({ code: "InvalidRequest", status: 400 });
      const two = await s3.send(
        new UploadPartCopyCommand({
          ...at(Key),
          UploadId,
          PartNumber: 2,
          CopySource: `${bucket.name}/copy/plain`,
          ...key,
        }),
      );
      await s3.send(
        new CompleteMultipartUploadCommand({
          ...at(Key),
          UploadId,
          MultipartUpload: {
            Parts: [
              { PartNumber: 1, ETag: one.ETag },
              { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
            ],
          },
        }),
      );
      expect(await read(Key, key)).to.deep.equal(Buffer.concat([first, body]));
      expect(await refusal(read(Key))).to.include({ code: "InvalidRequest", status: 400 });
      expect(await refusal(read(Key, customerKey()))).to.include({ code: "AccessDenied", status: 403 });
    });

    it("takes no customer's key for a part of an upload without", async () => {
      const UploadId = await create("parts/plain", {});
      expect(await refusal(part("parts/plain", UploadId, 1, customerKey()))).to.include({
        code: "InvalidRequest",
        status: 400,
      });
      await s3.send(new AbortMultipartUploadCommand({ ...at("parts/plain"), UploadId }));
    });
  });
});
