import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { reservePort } from "../support/reserved-port.js";

describe("events", () => {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-events-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("of a change that was acknowledged survive a killed gateway and a receiver that is away", async () => {
    const port = await reservePort();
    const environment = { CESS_S3_DATA_DIR: join(folder, "data"), CESS_S3_WEBHOOKS: `hook=http://127.0.0.1:${port}/` };
    const first = await GatewayProcess.start(["dev"], environment);
    await first.client().send(new CreateBucketCommand({ Bucket: "told" }));
    await first.client().send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: "told",
        NotificationConfiguration: {
          QueueConfigurations: [{ QueueArn: "arn:cess:sqs::hook:webhook", Events: ["s3:ObjectCreated:Put"] }],
        },
      }),
    );
    const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`);
    for (const Key of keys) await first.client().send(new PutObjectCommand({ Bucket: "told", Key, Body: "x" }));
    await first.end("SIGKILL");

    const received: string[] = [];
    const receiver = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const { Records = [], Event } = JSON.parse(text) as {
          Records?: { s3: { object: { key: string } } }[];
          Event?: string;
        };
        received.push(...(Event === undefined ? [] : [Event]), ...Records.map(({ s3 }) => s3.object.key));
        response.end();
      });
    });
    receiver.listen(port, "127.0.0.1");
    await once(receiver, "listening");
    const second = await GatewayProcess.start(["dev"], environment);
    await eventually("all events have come", () => received.length > keys.length);
    expect(received).to.deep.equal(["s3:TestEvent", ...keys]);
    expect(await second.end("SIGTERM")).to.equal(0);
    receiver.closeAllConnections();
    receiver.close();
  });
});
