import { randomBytes } from "node:crypto";
import {
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { customerHeaders, customerKey } from "../support/customer-key.js";
import { exactly, formBody, policyOf, post, rightForm, signedV2, signedV4, type Condition } from "../support/form.js";
import { send } from "../support/signed.js";
import { bytesOf, refusal, s3, target, useBucket } from "../support/target.js";

const file = { content: "the file", name: "local name.txt" };

describe("PostObject", () => {
  const bucket = useBucket();
  const right = (fields: Record<string, string>, conditions: Condition[] = []) =>
    rightForm(bucket.name, fields, conditions);
  const read = async (Key: string) =>
    (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }))).Body)).toString();
  const absent = async (Key: string) =>
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key })))).status).to.equal(404);

  it("takes a form signed by Signature V4, and one by V2, and answers 204 with ETag and Location", async () => {
    const answer = await post(bucket.name, right({ key: "dir/v4 ü" }), file);
    expect([answer.status, answer.body]).to.deep.equal([204, ""]);
    expect(answer.headers.location).to.match(new RegExp(`^http://[^/]+/${bucket.name}/dir/v4%20%C3%BC$`));
    const { ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "dir/v4 ü" }));
    expect(answer.headers.etag).to.equal(ETag);
    expect(await read("dir/v4 ü")).to.equal("the file");
    const v2 = await post(
      bucket.name,
      { key: "v2", ...signedV2(policyOf(exactly(bucket.name, { key: "v2" }))) },
      { content: "" },
    );
    expect(v2.status, v2.body).to.equal(204);
    expect(await read("v2")).to.equal("");
  });

  it("takes a form sent to the bucket's own host", async function () {
    if (target.domain === undefined) return this.skip();
    const host = `${bucket.name}.${target.domain}:${new URL(target.endpoint).port}`;
    const answer = await post(bucket.name, right({ key: `${bucket.name}/virtual` }), file, { host }, {}, "/");
    expect([answer.status, answer.headers.location]).to.deep.equal([204, `http://${host}/${bucket.name}/virtual`]);
    expect(await read(`${bucket.name}/virtual`)).to.equal("the file");
  });

  it("stores 3 MiB of any bytes, its own boundary's beginning among them", async () => {
    const content = Buffer.concat([
      randomBytes(1.5 * 2 ** 20),
      Buffer.from("\r\n------form\r\n--\r\n"),
      randomBytes(1.5 * 2 ** 20),
      Buffer.from("\r\n"),
    ]);
    expect((await post(bucket.name, right({ key: "large" }), { content })).status).to.equal(204);
    expect(
      (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "large" }))).Body)).equals(
        content,
      ),
    ).to.equal(true);
  });

  it("keeps headers, metadata, tags and checksum that fields name, and verifies the checksum", async () => {
    const fields = {
      Key: "full",
      "Content-Type": "text/x-form",
      "Cache-Control": "no-store",
      "Content-Disposition": "inline",
      Expires: "Tue, 01 Jan 2030 00:00:00 GMT",
      "x-amz-meta-Colour": "grün",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-website-redirect-location": "/elsewhere",
      "X-Amz-Checksum-Crc32": "oCt0sA==",
      tagging: "<Tagging><TagSet><Tag><Key>a b</Key><Value>c+d</Value></Tag></TagSet></Tagging>",
    };
    const wrong = await post(bucket.name, right(fields), file);
    expect([wrong.status, wrong.code]).to.deep.equal([400, "BadDigest"]);
    await absent("full");
    const answer = await post(bucket.name, right({ ...fields, "X-Amz-Checksum-Crc32": crc32(file.content) }), file);
    expect(answer.status, answer.body).to.equal(204);
    expect(answer.headers["x-amz-checksum-crc32"]).to.equal(crc32(file.content));
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "full", ChecksumMode: "ENABLED" }));
    expect(head).to.include({
      ContentType: "text/x-form",
      CacheControl: "no-store",
      ContentDisposition: "inline",
      ExpiresString: fields.Expires,
      StorageClass: "STANDARD_IA",
      WebsiteRedirectLocation: "/elsewhere",
      ChecksumCRC32: crc32(file.content),
    });
    expect(head.Metadata?.["colour"]).to.equal("=?UTF-8?B?Z3LDvG4=?=");
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket: bucket.name, Key: "full" }));
    expect(TagSet).to.deep.equal([{ Key: "a b", Value: "c+d" }]);
  });

  it("encrypts as fields say, with a customer's key, too", async () => {
    const aes = await post(bucket.name, right({ key: "aes", "x-amz-server-side-encryption": "AES256" }), file);
    expect([aes.status, aes.headers["x-amz-server-side-encryption"]]).to.deep.equal([204, "AES256"]);
    expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "aes" }))).ServerSideEncryption).to.equal(
      "AES256",
    );
    const key = customerKey();
    expect((await post(bucket.name, right({ key: "customer", ...customerHeaders(key) }), file)).status).to.equal(204);
    expect((await refusal(read("customer"))).status).to.equal(400);
    expect(
      (
        await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "customer", ...key }))).Body)
      ).toString(),
    ).to.equal("the file");
    expect(
      (await post(bucket.name, right({ key: "never", "x-amz-server-side-encryption": "ROT13" }), file)).status,
    ).to.equal(400);
    await absent("never");
  });

  it("puts the file's name, without its folders, where the key says ${filename}", async () => {
    const fields = { key: "up/${filename}" };
    const signing = () =>
      signedV4((signing) => policyOf([...exactly(bucket.name, signing), ["starts-with", "$key", "up/"]]));
    expect(
      (await post(bucket.name, { ...fields, ...signing() }, { content: "a", name: "C:\\temp\\Größe.txt" })).status,
    ).to.equal(204);
    expect(await read("up/Größe.txt")).to.equal("a");
    expect((await post(bucket.name, { ...fields, ...signing() }, { content: "b" })).status).to.equal(204);
    expect(await read("up/")).to.equal("b");
    const refused = await post(bucket.name, right(fields), { content: "c", name: "c.txt" });
    expect([refused.status, refused.code], "conditions are about the name put in").to.deep.equal([403, "AccessDenied"]);
  });

  it("answers as success_action_status and success_action_redirect say", async () => {
    const created = await post(bucket.name, right({ key: "a&b", success_action_status: "201" }), file);
    expect([created.status, created.headers["content-type"]]).to.deep.equal([201, "application/xml"]);
    const { host } = new URL(target.endpoint);
    expect(created.body).to.include(
      `<PostResponse><Location>http://${host}/${bucket.name}/a%26b</Location><Bucket>${bucket.name}</Bucket><Key>a&amp;b</Key><ETag>${(created.headers.etag ?? "").replaceAll('"', "&quot;")}</ETag></PostResponse>`,
    );
    expect((await post(bucket.name, right({ key: "s", success_action_status: "200" }), file)).status).to.equal(200);
    expect((await post(bucket.name, right({ key: "s", success_action_status: "404" }), file)).status).to.equal(204);
    const to = await post(
      bucket.name,
      right({
        key: "a b",
        success_action_redirect: "https://example.com/done?x=%20y#top",
        success_action_status: "201",
      }),
      file,
    );
    expect([to.status, to.body]).to.deep.equal([303, ""]);
    expect(to.headers.location).to.equal(
      `https://example.com/done?x=%20y&bucket=${bucket.name}&key=a%20b&etag=%22${(to.headers.etag ?? "").replaceAll('"', "")}%22#top`,
    );
    const nowhere = await post(bucket.name, right({ key: "a b", success_action_redirect: "nowhere" }), file);
    expect(nowhere.status).to.equal(204);
  });

  it("refuses wrong signatures, unknown keys and forms that lack a field", async () => {
    const conditions = () => policyOf(exactly(bucket.name, { key: "no" }));
    const signed = right({ key: "no" });
    const without = (name: string) => Object.fromEntries(Object.entries(signed).filter(([field]) => field !== name));
    const cases: readonly [string, Record<string, string>, number, string][] = [
      ["a wrong secret", { key: "no", ...signedV2(conditions(), "wrong") }, 403, "SignatureDoesNotMatch"],
      [
        "a wrong secret in V4",
        { key: "no", ...signedV4((signing) => policyOf(exactly(bucket.name, { key: "no", ...signing })), "wrong") },
        403,
        "SignatureDoesNotMatch",
      ],
      ["a policy that was not signed", { ...signed, policy: conditions() }, 403, "SignatureDoesNotMatch"],
      [
        "an unknown key",
        { key: "no", ...signedV2(conditions()), AWSAccessKeyId: "NOSUCHKEY" },
        403,
        "InvalidAccessKeyId",
      ],
      ["no key", without("key"), 400, "InvalidArgument"],
      ["no policy", without("policy"), 400, "InvalidArgument"],
      ["no signature", without("x-amz-signature"), 400, "InvalidArgument"],
      ["no credential", without("x-amz-credential"), 400, "InvalidArgument"],
      ["no date", without("x-amz-date"), 400, "InvalidArgument"],
      ["a policy of nobody", { key: "no", policy: conditions() }, 400, "InvalidArgument"],
      [
        "another region",
        {
          ...signed,
          "x-amz-credential": (signed["x-amz-credential"] ?? "").replace(`/${target.region}/`, "/nowhere-1/"),
        },
        400,
        "InvalidArgument",
      ],
      ["a session token", { ...signed, "x-amz-security-token": "t" }, 400, "InvalidToken"],
    ];
    for (const [what, fields, status, code] of cases) {
      const answer = await post(bucket.name, fields, file);
      expect([answer.status, answer.code], what).to.deep.equal([status, code]);
    }
    const fileless = await post(bucket.name, signed, undefined);
    expect([fileless.status, fileless.code]).to.deep.equal([400, "InvalidArgument"]);
    await absent("no");
  });

  it("refuses bodies that are no form, or too much of one, and keeps nothing of one that was cut off", async () => {
    const { body, type } = formBody(right({ key: "cut" }), { content: "x".repeat(1000) });
    const raw = (bytes: Buffer | string, contentType: string) =>
      send({
        method: "POST",
        path: `/${bucket.name}`,
        sign: false,
        body: bytes,
        headers: { "content-type": contentType },
        tamper: (sent) => delete sent["x-amz-content-sha256"],
      });
    expect(await raw(body, "application/x-www-form-urlencoded")).to.include({
      status: 412,
      code: "PreconditionFailed",
    });
    expect(await raw(body, "multipart/form-data")).to.include({ status: 400, code: "MalformedPOSTRequest" });
    expect(await raw(body, "multipart/form-data; boundary=another")).to.include({
      status: 400,
      code: "MalformedPOSTRequest",
    });
    for (const length of [10, 200, body.length - 500, body.length - 10]) {
      expect(await raw(body.subarray(0, length), type), `cut after ${length} bytes`).to.include({
        status: 400,
        code: "MalformedPOSTRequest",
      });
    }
    await absent("cut");
    const long = await post(bucket.name, right({ key: "long", "x-amz-meta-a": "v".repeat(21_000) }), file);
    expect([long.status, long.code]).to.deep.equal([400, "MaxPostPreDataLengthExceededError"]);
    const key = await post(bucket.name, right({ key: "k".repeat(1025) }), file);
    expect([key.status, key.code]).to.deep.equal([400, "KeyTooLongError"]);
    const broken = await post(bucket.name, right({ key: "no", "Content-Type": "a\r\nSet-Cookie: b" }), file);
    expect([broken.status, broken.code]).to.deep.equal([400, "InvalidArgument"]);
  });

  it("takes an unsigned form only where the bucket's policy lets anybody write", async () => {
    const refused = await post(bucket.name, { key: "open/anonymous" }, file);
    expect([refused.status, refused.code]).to.deep.equal([403, "AccessDenied"]);
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket.name,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket.name}/open/*` },
          ],
        }),
      }),
    );
    expect((await post(bucket.name, { key: "open/anonymous" }, file)).status).to.equal(204);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix: "open/" }));
    expect(Contents?.map(({ Key, Size }) => [Key, Size])).to.deep.equal([["open/anonymous", 8]]);
    expect(
      (await post(bucket.name, { key: "closed/anonymous" }, file)).status,
      "the form's key is what is decided on",
    ).to.equal(403);
    expect(
      (await post(bucket.name, { key: "open/acl", acl: "public-read" }, file)).status,
      "setting an ACL is an action of its own",
    ).to.equal(403);
  });

  it("lets pages of the origins that CORS allows read the answer", async () => {
    await s3.send(
      new PutBucketCorsCommand({
        Bucket: bucket.name,
        CORSConfiguration: {
          CORSRules: [{ AllowedMethods: ["POST"], AllowedOrigins: ["https://page.example"], ExposeHeaders: ["ETag"] }],
        },
      }),
    );
    const answer = await post(bucket.name, right({ key: "cors" }), file, { origin: "https://page.example" });
    expect(answer.headers["access-control-allow-origin"]).to.equal("https://page.example");
    const refused = await post(bucket.name, { key: "no" }, file, { origin: "https://page.example" });
    expect([refused.status, refused.headers["access-control-allow-origin"]]).to.deep.equal([
      403,
      "https://page.example",
    ]);
    expect(
      (await post(bucket.name, right({ key: "cors" }), file, { origin: "https://other.example" })).headers[
        "access-control-allow-origin"
      ],
    ).to.equal(undefined);
  });
});

function crc32(text: string): string {
  let crc = ~0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(~crc >>> 0);
  return sum.toString("base64");
}
