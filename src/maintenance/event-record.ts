import type { WaitingEvent } from "../catalog/catalog.js";
import { TEST_EVENT } from "../model/notification.js";

/** What one POST tells: so many events as one message holds, or a test, which S3 sends by itself. */
export function eventMessage(waiting: readonly WaitingEvent[]): {
  readonly told: readonly WaitingEvent[];
  readonly message: object;
} {
  const [first] = waiting;
  if (first?.event === TEST_EVENT) return { told: [first], message: testMessage(first) };
  const end = waiting.findIndex(({ event }) => event === TEST_EVENT);
  const told = end < 0 ? waiting : waiting.slice(0, end);
  return { told, message: { Records: told.map(eventRecord) } };
}

function testMessage({ createdAt, bucket, source }: WaitingEvent): object {
  return {
    Service: "Amazon S3",
    Event: TEST_EVENT,
    Time: new Date(createdAt).toISOString(),
    Bucket: bucket,
    RequestId: source.requestId,
    HostId: "cess-s3",
  };
}

/** An event as S3 tells it, version 2.1 of its structure. */
function eventRecord(event: WaitingEvent): object {
  const { id, createdAt, source, bucket, bucketOwner, key, versionId, size, etag, fid } = event;
  return {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: event.region,
    eventTime: new Date(createdAt).toISOString(),
    eventName: event.event.replace(/^s3:/, ""),
    userIdentity: { principalId: source.principal },
    requestParameters: { sourceIPAddress: source.address },
    responseElements: { "x-amz-request-id": source.requestId },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: event.rule,
      bucket: { name: bucket, ownerIdentity: { principalId: bucketOwner }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        // As in an HTML form but for the slash: S3's consumers decode it so.
        key: new URLSearchParams([["", key]]).toString().slice(1).replaceAll("%2F", "/"),
        ...(size === undefined ? {} : { size }),
        ...(etag === undefined ? {} : { eTag: etag }),
        ...(versionId === undefined ? {} : { versionId }),
        // Of two events of a key the one with the greater text is the later.
        sequencer: Number(id).toString(16).toUpperCase().padStart(16, "0"),
        ...(fid === undefined ? {} : { fid }),
      },
    },
  };
}
