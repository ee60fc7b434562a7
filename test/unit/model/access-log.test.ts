import { expect } from "chai";
import { accessLine, logKey, type AccessEntry, type LoggingConfiguration } from "../../../src/model/access-log.js";

const entry: AccessEntry = {
  bucket: "box",
  time: Date.UTC(2026, 1, 6, 0, 0, 38),
  address: "192.0.2.3",
  requester: "a".repeat(64),
  requestId: "REQ1",
  operation: "REST.GET.OBJECT",
  key: "photos/a b.jpg",
  requestUri: "GET /box/photos/a%20b.jpg HTTP/1.1",
  status: 200,
  bytesSent: 113,
  objectSize: 512,
  totalMs: 7.4,
  turnAroundMs: 3,
  referrer: "http://x.example/",
  userAgent: "S3Console/0.4",
  versionId: "3HL4",
  hostId: "HOST1",
  signature: "SigV4",
  authentication: "AuthHeader",
  host: "s3.example",
};

describe("A line of an access log", () => {
  it("has S3's fields in S3's order", () => {
    expect(accessLine(entry, "owner")).to.equal(
      `owner box [06/Feb/2026:00:00:38 +0000] 192.0.2.3 ${"a".repeat(64)} REQ1 REST.GET.OBJECT photos/a%20b.jpg "GET /box/photos/a%20b.jpg HTTP/1.1" 200 - 113 512 7 3 ` +
        '"http://x.example/" "S3Console/0.4" 3HL4 HOST1 SigV4 - AuthHeader s3.example - - -',
    );
  });

  it("has a dash for what is not known", () => {
    const { bucket, time, requestId, operation, requestUri, status, totalMs, hostId } = entry;
    expect(
      accessLine(
        {
          bucket,
          time,
          address: "",
          requestId,
          operation,
          requestUri,
          status,
          totalMs,
          hostId,
          errorCode: "AccessDenied",
          bytesSent: 0,
        },
        "owner",
      ),
    ).to.equal(
      'owner box [06/Feb/2026:00:00:38 +0000] - - REQ1 REST.GET.OBJECT - "GET /box/photos/a%20b.jpg HTTP/1.1" 200 AccessDenied - - 7 - "-" "-" - HOST1 - - - - - - -',
    );
  });

  it("is one line of as many fields whatever a client sends", () => {
    const hostile = accessLine(
      { ...entry, key: 'a\n"b" c', userAgent: 'x" 200 -\r\nowner', referrer: 'a"b', versionId: "v 1\n", host: "h h" },
      "owner",
    );
    expect(hostile)
      .to.match(/^[^\r\n]*$/)
      .and.contain("%0D%0A");
    expect(hostile.match(/"[^"]*"|\[[^\]]*\]|[^ ]+/g)).to.have.length(26);
  });
});

describe("The key of a log object", () => {
  const source = { bucket: "box", region: "us-east-1", owner: "anna" };
  const [events, delivery] = [Date.UTC(2026, 0, 31, 23, 59, 59), Date.UTC(2026, 1, 1, 1, 2, 3)];
  const key = (keyFormat?: LoggingConfiguration["keyFormat"]) =>
    logKey(
      { targetBucket: "logs", targetPrefix: "p/", grants: [], ...(keyFormat ? { keyFormat } : {}) },
      source,
      events,
      delivery,
      "UNIQUE",
    );

  it("is its prefix, the time of its delivery and what tells it from others", () => {
    expect(key()).to.equal("p/2026-02-01-01-02-03-UNIQUE");
    expect(key("simple")).to.equal(key());
  });

  it("lies in partitions by owner, region, bucket and the day of its delivery or of its events", () => {
    expect(key("DeliveryTime")).to.equal("p/anna/us-east-1/box/2026/02/01/2026-02-01-01-02-03-UNIQUE");
    expect(key("EventTime")).to.equal("p/anna/us-east-1/box/2026/01/31/2026-01-31-00-00-00-UNIQUE");
  });
});
