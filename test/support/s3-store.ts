import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import Database from "libsql";
import type { S3Store } from "../../src/blobs/s3/s3-store.js";
import { type S3Place } from "../../src/blobs/s3/s3-store.js";
import { S3Endpoint, testKey } from "./s3-endpoint.js";

const DAY_MS = 86_400_000;

/** An S3 server of this program, in this process: the real S3 app and gateway, whose objects' times are those of the clock. */
export class TestS3Store {
  private prefixes = 0;

  private constructor(private readonly endpoint: S3Endpoint) {}

  static async start(): Promise<TestS3Store> {
    const endpoint = new S3Endpoint();
    await endpoint.start({}, {}, { now: Date.now });
    await endpoint.client.send(new CreateBucketCommand({ Bucket: "staging" }));
    return new TestS3Store(endpoint);
  }

  stop(): Promise<void> {
    return this.endpoint.stop();
  }

  /** A place of its own in the bucket. */
  place(): S3Place {
    return {
      bucket: "staging",
      prefix: `place-${this.prefixes++}/`,
      endpoint: `http://${this.endpoint.host}`,
      region: "us-east-1",
      credentials: testKey,
    };
  }

  /** Sets the times of all objects back by a day, but those of holds. */
  age(): Promise<void> {
    const database = new Database(join(this.endpoint.folder, "catalog.sqlite"));
    database.exec("pragma busy_timeout = 5000");
    database.exec(`update versions set created_at = created_at - ${DAY_MS} where key not like '%/holds/%'`);
    database.close();
    return Promise.resolve();
  }
}

/** Flips a bit of an object's byte, as a store that loses one gives it. */
export async function damageObject(store: S3Store, key: string, position: number): Promise<void> {
  const bytes = await store.whole(key);
  if (!bytes) throw new Error(`no object ${key}`);
  bytes.writeUInt8(bytes.readUInt8(position) ^ 4, position);
  await store.put(key, bytes);
}
