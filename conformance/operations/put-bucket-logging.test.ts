import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLoggingCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectCommand,
  type LoggingEnabled,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, bytesOf, freshName, refusal, s3, target, useBucket } from "../support/target.js";

const PATIENCE_MS = 40_000;
const GROUP = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

describe("PutBucketLogging", () => {
  const source = useBucket();
  const logs = useBucket();
  const alt = altClient();
  const put = (enabled: LoggingEnabled, Bucket = source.name) =>
    s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled: enabled } }));
  const own = (ObjectOwnership: "ObjectWriter" | "BucketOwnerEnforced") =>
    s3.send(
      new PutBucketOwnershipControlsCommand({ Bucket: logs.name, OwnershipControls: { Rules: [{ ObjectOwnership }] } }),
    );
  after(() => alt.destroy());

  it("refuses a target that is not there or another's, and a source that is", async () => {
    expect(await refusal(put({ TargetBucket: freshName(), TargetPrefix: "" }))).to.include({
      code: "InvalidTargetBucketForLogging",
      status: 400,
    });
    const theirs = freshName();
    await alt.send(new CreateBucketCommand({ Bucket: theirs }));
    expect((await refusal(put({ TargetBucket: theirs, TargetPrefix: "" }))).code).to.equal(
      "InvalidTargetBucketForLogging",
    );
    await alt.send(new DeleteBucketCommand({ Bucket: theirs }));
    expect(
      (await refusal(alt.send(new PutBucketLoggingCommand({ Bucket: source.name, BucketLoggingStatus: {} })))).status,
    ).to.equal(403);
    expect((await refusal(put({ TargetBucket: logs.name, TargetPrefix: "" }, freshName()))).code).to.equal(
      "NoSuchBucket",
    );
  });

  it("refuses documents that AWS refuses", async () => {
    const raw = (inner: string) =>
      send({
        method: "PUT",
        path: `/${source.name}?logging`,
        body: `<BucketLoggingStatus>${inner}</BucketLoggingStatus>`,
      });
    const to = `<TargetBucket>${logs.name}</TargetBucket>`;
    for (const inner of [
      "<LoggingEnabled/>",
      `<LoggingEnabled>${to}</LoggingEnabled>`,
      `<LoggingEnabled>${to}<TargetPrefix/><TargetObjectKeyFormat/></LoggingEnabled>`,
      `<LoggingEnabled>${to}<TargetPrefix/><TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>Now</PartitionDateSource></PartitionedPrefix></TargetObjectKeyFormat></LoggingEnabled>`,
      `<LoggingEnabled>${to}<TargetGrants><Grant><Grantee><URI>${GROUP}</URI></Grantee><Permission>READ_ACP</Permission></Grant></TargetGrants><TargetPrefix/></LoggingEnabled>`,
    ])
      expect(await raw(inner), inner).to.include({ status: 400, code: "MalformedXML" });
    expect(await send({ method: "PUT", path: `/${source.name}?logging` })).to.include({
      status: 400,
      code: "MissingRequestBodyError",
    });
  });

  it("takes grants to accounts that there are, where the target has ACLs", async () => {
    const granted = (ID: string) =>
      put({
        TargetBucket: logs.name,
        TargetPrefix: "x",
        TargetGrants: [{ Grantee: { Type: "CanonicalUser", ID }, Permission: "READ" }],
      });
    const altId = (await alt.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
    await own("BucketOwnerEnforced");
    expect((await refusal(granted(altId))).code).to.equal("AccessControlListNotSupported");
    await own("ObjectWriter");
    expect((await refusal(granted("nobody"))).code).to.equal("InvalidArgument");
    await granted(altId);
    const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket: source.name }));
    expect(LoggingEnabled?.TargetGrants?.map(({ Grantee, Permission }) => [Grantee?.ID, Permission])).to.deep.equal([
      [altId, "READ"],
    ]);
  });

  it("delivers a line of each request as objects under the prefix, with the grants", async function () {
    if (!target.accessLogsSoon) return this.skip();
    await own("ObjectWriter");
    await put({
      TargetBucket: logs.name,
      TargetPrefix: "log-",
      TargetGrants: [{ Grantee: { Type: "Group", URI: GROUP }, Permission: "READ" }],
    });
    const ownId = (await s3.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
    const { $metadata } = await s3.send(new PutObjectCommand({ Bucket: source.name, Key: "a b", Body: "12345" }));
    await bytesOf((await s3.send(new GetObjectCommand({ Bucket: source.name, Key: "a b" }))).Body);
    const denied = await send({
      method: "GET",
      path: `/${source.name}/a%20b?x=1`,
      sign: false,
      headers: { "user-agent": "nobody", referer: "http://x.example/" },
      tamper: (sent) => delete sent["x-amz-content-sha256"],
    });
    expect(denied.status).to.equal(403);
    const keys = async () =>
      (await s3.send(new ListObjectsV2Command({ Bucket: logs.name, Prefix: "log-" }))).Contents?.map(
        ({ Key }) => Key ?? "",
      ) ?? [];
    let lines: string[] = [];
    for (const end = Date.now() + PATIENCE_MS; lines.length < 4 && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const texts = await Promise.all(
        (await keys()).map(async (Key) =>
          (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: logs.name, Key }))).Body)).toString(),
        ),
      );
      lines = texts.flatMap((text) => text.trimEnd().split("\n"));
    }
    const of = (operation: string, status: number) =>
      lines
        .map((line) => line.match(/"[^"]*"|\[[^\]]*\]|[^ ]+/g) ?? [])
        .find((fields) => fields[6] === operation && fields[9] === String(status)) ?? [];
    const [putLine, getLine, deniedLine] = [
      of("REST.PUT.OBJECT", 200),
      of("REST.GET.OBJECT", 200),
      of("REST.GET.OBJECT", 403),
    ];
    expect(putLine.slice(0, 2)).to.deep.equal([ownId, source.name]);
    expect(putLine.slice(4, 8)).to.deep.equal([ownId, $metadata.requestId, "REST.PUT.OBJECT", "a%20b"]);
    expect([putLine.length, putLine[12], getLine[11], getLine[12], getLine[19], getLine[21]]).to.deep.equal([
      26,
      "5",
      "5",
      "5",
      "SigV4",
      "AuthHeader",
    ]);
    expect([deniedLine[4], deniedLine[8], deniedLine[10], deniedLine[15], deniedLine[16]]).to.deep.equal([
      "-",
      `"GET /${source.name}/a%20b?x=1 HTTP/1.1"`,
      "AccessDenied",
      '"http://x.example/"',
      '"nobody"',
    ]);
    const [Key = ""] = await keys();
    expect(Key).to.match(/^log-\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
    await s3.send(new PutBucketLoggingCommand({ Bucket: source.name, BucketLoggingStatus: {} }));
    await alt.send(new GetObjectCommand({ Bucket: logs.name, Key }));
    expect((await s3.send(new GetObjectAclCommand({ Bucket: logs.name, Key }))).Owner?.ID).to.equal(ownId);
  });
});
