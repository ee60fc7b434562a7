import { expect } from "chai";
import { eventually } from "../../support/eventually.js";
import { S3Endpoint, testKey } from "../../support/s3-endpoint.js";

describe("What is told of an answered request", () => {
  const endpoint = new S3Endpoint();
  before(async () => {
    await endpoint.start();
    await endpoint.signed({ method: "PUT", path: "/box" });
  });
  after(() => endpoint.stop());

  async function told(ask: () => Promise<unknown>) {
    const before = endpoint.answers.length;
    await ask();
    await eventually("it is told", () => endpoint.answers.length > before);
    return endpoint.answers.at(-1)!;
  }

  it("is who asked what of which object, and how many bytes came and went", async () => {
    const put = await told(() => endpoint.signed({ method: "PUT", path: "/box/a%20b", body: "hello" }));
    expect(put).to.include({
      operation: "PutObject",
      method: "PUT",
      status: 200,
      errorCode: undefined,
      account: testKey.account,
      accessKeyId: testKey.accessKeyId,
      address: "127.0.0.1",
      bucket: "box",
      key: "a b",
      receivedBytes: 5,
      sentBytes: 0,
      nodesMs: 0,
    });
    expect(put.requestId).to.match(/^[0-9A-F]{16}$/);
    expect(put.ms).to.be.least(put.firstByteMs);
    const get = await told(() => endpoint.signed({ path: "/box/a%20b" }));
    expect(get).to.include({ operation: "GetObject", receivedBytes: 0, sentBytes: 5 });
    const head = await told(() => endpoint.signed({ method: "HEAD", path: "/box/a%20b" }));
    expect(head).to.include({ operation: "HeadObject", sentBytes: 0 });
    const listing = await told(() => endpoint.signed({ path: "/box?list-type=2" }));
    expect(listing).to.include({ operation: "ListObjectsV2", bucket: "box", key: undefined });
    expect(listing.sentBytes).to.be.greaterThan(100);
    expect(await told(() => endpoint.signed({ path: "/" }))).to.include({
      operation: "ListBuckets",
      bucket: undefined,
    });
  });

  it("is the error's code, and nobody where the signature was refused", async () => {
    const missing = await told(() => endpoint.signed({ path: "/box/absent" }));
    expect(missing).to.include({ status: 404, errorCode: "NoSuchKey", accessKeyId: testKey.accessKeyId });
    const refused = await told(() => endpoint.signed({ path: "/box/absent" }, "another secret"));
    expect(refused).to.include({ status: 403, errorCode: "SignatureDoesNotMatch", account: undefined });
    expect(refused).to.include({ accessKeyId: undefined, bucket: "box", key: "absent" });
    const anonymous = await told(() => endpoint.raw({ path: "/box/absent" }));
    expect(anonymous).to.include({ errorCode: "AccessDenied", account: undefined });
  });

  it("holds nothing of the query or of headers, which may have secrets", async () => {
    const answered = await told(() =>
      endpoint.raw({
        path: "/box/a%20b?X-Amz-Signature=planted&X-Amz-Security-Token=planted",
        headers: { authorization: "planted", "x-amz-server-side-encryption-customer-key": "planted" },
      }),
    );
    expect(JSON.stringify(answered)).to.not.contain("planted");
  });
});
