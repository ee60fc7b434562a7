import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { element, S3Endpoint, testKey } from "../../support/s3-endpoint.js";

describe("A region that nobody told the client", () => {
  const endpoint = new S3Endpoint();
  const clients: S3Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await endpoint.stop();
  });
  const client = (region: string, secretAccessKey = testKey.secretAccessKey) => {
    const made = new S3Client({
      endpoint: `http://${endpoint.host}`,
      region,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: testKey.accessKeyId, secretAccessKey },
    });
    clients.push(made);
    return made;
  };
  const upload = async (region: string) => {
    const { url, fields } = await createPresignedPost(client(region), { Bucket: "photos", Key: "form" });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set("file", new Blob(["bytes"]));
    return fetch(url, { method: "POST", body: form });
  };

  it("is refused unless the operator accepts any", async () => {
    await endpoint.start();
    await client("us-east-1").send(new CreateBucketCommand({ Bucket: "photos" }));
    const refused = await endpoint.signed({ method: "GET", path: "/", region: "auto" });
    expect([refused.status, element(refused.body, "Code")]).to.deep.equal([400, "AuthorizationHeaderMalformed"]);
    expect((await upload("auto")).status).to.equal(400);
  });

  it("is accepted in headers, chunks, URLs and forms, and as the place of a new bucket, if the operator says so", async () => {
    await endpoint.start({ acceptAnyRegion: true });
    for (const region of ["auto", "gateway-1", "us-east-1"]) {
      const s3 = client(region);
      const Bucket = `photos-${region}`;
      await s3.send(
        new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } }),
      );
      await s3.send(
        new PutObjectCommand({ Bucket, Key: "k", Body: Buffer.alloc(100_000), ChecksumAlgorithm: "CRC32" }),
      );
      expect((await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion).to.equal("us-east-1");
      const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "url" }), { expiresIn: 60 });
      expect((await fetch(url, { method: "PUT", body: "bytes" })).status).to.equal(200);
    }
    const byHost = await endpoint.signed({ method: "GET", path: "/", region: "s3.example.com" });
    expect(byHost.status).to.equal(200);
    await client("us-east-1").send(new CreateBucketCommand({ Bucket: "photos" }));
    expect((await upload("auto")).status).to.equal(204);
    expect(endpoint.failures).to.deep.equal([]);
  });

  it("is part of what is signed: a signature for another region does not hold for it", async () => {
    await endpoint.start({ acceptAnyRegion: true });
    const wrong = await endpoint.signed({ method: "GET", path: "/", region: "auto" }, "another secret");
    expect([wrong.status, element(wrong.body, "Code")]).to.deep.equal([403, "SignatureDoesNotMatch"]);
    const url = new URL(
      await getSignedUrl(client("auto"), new HeadBucketCommand({ Bucket: "photos" }), { expiresIn: 60 }),
    );
    const credential = url.searchParams.get("X-Amz-Credential") ?? "";
    url.searchParams.set("X-Amz-Credential", credential.replace("/auto/", "/eu-west-1/"));
    expect((await fetch(url, { method: "HEAD" })).status).to.equal(403);
  });
});
