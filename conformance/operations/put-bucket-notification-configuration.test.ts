import { once } from "node:events";
import { createServer, type Server } from "node:http";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type QueueConfiguration,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { post, rightForm } from "../support/form.js";
import { send } from "../support/signed.js";
import { altClient, freshName, refusal, s3, target, useBucket } from "../support/target.js";

interface Received {
  readonly eventName: string;
  readonly awsRegion: string;
  readonly eventTime: string;
  readonly responseElements: { readonly "x-amz-request-id": string };
  readonly s3: {
    readonly configurationId: string;
    readonly bucket: { readonly name: string };
    readonly object: { readonly key: string; readonly size?: number; readonly eTag?: string };
  };
}

const arn = "arn:cess:sqs::conformance:webhook";
const QUIET_MS = 20_000;

describe("PutBucketNotificationConfiguration", () => {
  const bucket = useBucket();
  const put = (QueueConfigurations: QueueConfiguration[], Bucket = bucket.name) =>
    s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
    );

  it("refuses receivers that are not there, other kinds, unknown events and filters, and two for one event", async () => {
    const queue = (more: Partial<QueueConfiguration>): QueueConfiguration => ({
      QueueArn: arn,
      Events: ["s3:ObjectCreated:*"],
      ...more,
    });
    for (const wrong of [
      [queue({ QueueArn: "arn:cess:sqs::nobody:webhook" })],
      [queue({ QueueArn: "arn:aws:sqs:us-east-1:123456789012:queue" })],
      [queue({ Events: ["s3:ObjectTagging:Put"] })],
      [queue({ Filter: { Key: { FilterRules: [{ Name: "infix" as "prefix", Value: "a" }] } } })],
      [
        queue({
          Filter: {
            Key: {
              FilterRules: [
                { Name: "prefix", Value: "a" },
                { Name: "prefix", Value: "b" },
              ],
            },
          },
        }),
      ],
      [queue({ Id: "1" }), queue({ Id: "2", Events: ["s3:ObjectCreated:Put"] })],
      [queue({ Id: "1", Events: ["s3:ObjectRemoved:*"] }), queue({ Id: "1" })],
    ])
      expect(await refusal(put(wrong)), JSON.stringify(wrong)).to.include({ code: "InvalidArgument", status: 400 });
    const topic = {
      TopicConfigurations: [
        { TopicArn: "arn:aws:sns:us-east-1:123456789012:topic", Events: ["s3:ObjectCreated:*" as const] },
      ],
    };
    expect(
      await refusal(
        s3.send(
          new PutBucketNotificationConfigurationCommand({ Bucket: bucket.name, NotificationConfiguration: topic }),
        ),
      ),
    ).to.include({ code: "InvalidArgument" });
    expect(
      await refusal(
        s3.send(
          new PutBucketNotificationConfigurationCommand({
            Bucket: bucket.name,
            NotificationConfiguration: { EventBridgeConfiguration: {} },
          }),
        ),
      ),
    ).to.include({ code: "NotImplemented" });
    expect(
      await send({
        method: "PUT",
        path: `/${bucket.name}?notification`,
        body: "<NotificationConfiguration><QueueConfiguration><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>",
      }),
    ).to.include({ status: 400, code: "MalformedXML" });
  });

  it("refuses a bucket that is not there and another account, and takes an empty one from the owner", async () => {
    expect(await refusal(put([], freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(
      (
        await refusal(
          altClient().send(
            new PutBucketNotificationConfigurationCommand({ Bucket: bucket.name, NotificationConfiguration: {} }),
          ),
        )
      ).status,
    ).to.equal(403);
    await put([]);
  });

  describe("with a webhook", () => {
    const received: Received[] = [];
    const tests: string[] = [];
    let server: Server | undefined;
    let failures = 0;
    before(async function () {
      if (target.webhookPort === undefined) return this.skip();
      server = createServer((request, response) => {
        let text = "";
        request.on("data", (chunk: Buffer) => (text += chunk.toString()));
        request.on("end", () => {
          if (failures-- > 0) return void response.writeHead(503).end();
          const {
            Records = [],
            Event,
            Bucket,
          } = JSON.parse(text) as { Records?: Received[]; Event?: string; Bucket?: string };
          received.push(...Records.filter((record) => record.s3.bucket.name === bucket.name));
          if (Event !== undefined && Bucket === bucket.name) tests.push(Event);
          response.end();
        });
      });
      server.listen(Number(target.webhookPort), "127.0.0.1");
      await once(server, "listening");
    });
    after(() => {
      server?.closeAllConnections();
      server?.close();
    });
    const until = async (count: number) => {
      for (const end = Date.now() + QUIET_MS; received.length < count && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 50));
      return received.splice(0).map(({ eventName, s3: { object } }) => [eventName, object.key]);
    };

    it("keeps what was set, and tells of what it names, also when the receiver fails at first", async () => {
      const configuration: QueueConfiguration[] = [
        {
          Id: "created",
          QueueArn: arn,
          Events: ["s3:ObjectCreated:*"],
          Filter: {
            Key: {
              FilterRules: [
                { Name: "prefix", Value: "in/" },
                { Name: "suffix", Value: ".txt" },
              ],
            },
          },
        },
        { Id: "removed", QueueArn: arn, Events: ["s3:ObjectRemoved:Delete"] },
      ];
      await put(configuration);
      const { QueueConfigurations } = await s3.send(
        new GetBucketNotificationConfigurationCommand({ Bucket: bucket.name }),
      );
      expect(
        QueueConfigurations?.map(({ Filter, ...rest }) => ({
          ...rest,
          rules: Filter?.Key?.FilterRules?.map(({ Name, Value }) => [Name, Value]),
        })),
      ).to.deep.equal([
        {
          Id: "created",
          QueueArn: arn,
          Events: ["s3:ObjectCreated:*"],
          rules: [
            ["prefix", "in/"],
            ["suffix", ".txt"],
          ],
        },
        { Id: "removed", QueueArn: arn, Events: ["s3:ObjectRemoved:Delete"], rules: undefined },
      ]);
      failures = 1;
      const { ETag, $metadata } = await s3.send(
        new PutObjectCommand({ Bucket: bucket.name, Key: "in/a b.txt", Body: "12345" }),
      );
      for (let end = Date.now() + QUIET_MS; received.length === 0 && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 50));
      const [first] = received;
      expect(first).to.deep.include({
        awsRegion: target.region,
        eventName: "ObjectCreated:Put",
        responseElements: { "x-amz-request-id": $metadata.requestId },
      });
      expect(first?.s3).to.deep.include({ configurationId: "created" });
      expect(first?.s3.object).to.include({ key: "in/a+b.txt", size: 5, eTag: ETag?.replaceAll('"', "") });
      expect(tests.splice(0)).to.deep.equal(["s3:TestEvent"]);
      received.length = 0;
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "out/a.txt", Body: "x" }));
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "in/a.bin", Body: "x" }));
      await s3.send(
        new CopyObjectCommand({ Bucket: bucket.name, Key: "in/copy.txt", CopySource: `${bucket.name}/out/a.txt` }),
      );
      expect(
        (await post(bucket.name, rightForm(bucket.name, { key: "in/form.txt" }), { content: "x" })).status,
      ).to.equal(204);
      await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "in/a b.txt" }));
      await s3.send(
        new DeleteObjectsCommand({
          Bucket: bucket.name,
          Delete: { Objects: [{ Key: "out/a.txt" }, { Key: "absent" }] },
        }),
      );
      expect(await until(4)).to.deep.equal([
        ["ObjectCreated:Copy", "in/copy.txt"],
        ["ObjectCreated:Post", "in/form.txt"],
        ["ObjectRemoved:Delete", "in/a+b.txt"],
        ["ObjectRemoved:Delete", "out/a.txt"],
      ]);
    });

    it("tells when the network has taken an object, and nothing more when it is set empty", async function () {
      // As long as the network takes, which other tests keep busy.
      this.timeout(240_000);
      await put([
        {
          Id: "stored",
          QueueArn: arn,
          Events: ["cess:ObjectStored" as "s3:ObjectCreated:*"],
          Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "stored" }] } },
        },
      ]);
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "stored", Body: "to the network" }));
      for (let end = Date.now() + 200_000; received.length === 0 && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await until(1)).to.deep.equal([["cess:ObjectStored", "stored"]]);
      expect((await send({ method: "HEAD", path: `/${bucket.name}/stored` })).headers["x-cess-state"]).to.equal(
        "stored",
      );
      await put([]);
      await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "stored" }));
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(received).to.deep.equal([]);
    });
  });
});
