import type { WaitingEvent, WaitingLeaseEvent, WaitingObjectEvent } from "../catalog/catalog.js";
import { LEASE_EVENT } from "../model/lease.js";
import { TEST_EVENT } from "../model/notification.js";
import { defined } from "../model/defined.js";

/** The message of the next POST, and the events in it: many, or one test event, which S3 sends alone. */
export function eventMessage(waiting: readonly WaitingEvent[]): {
  readonly sent: readonly WaitingEvent[];
  readonly message: object;
} {
  const [first] = waiting;
  if (first?.event === TEST_EVENT) return { sent: [first], message: testMessage(first) };
  const end = waiting.findIndex(({ event }) => event === TEST_EVENT);
  const sent = end < 0 ? waiting : waiting.slice(0, end);
  return { sent, message: { Records: sent.map(recordOf) } };
}

function recordOf(event: WaitingEvent): object {
  return event.event === LEASE_EVENT ? leaseRecord(event) : eventRecord(event);
}

/** An event of a territory, with the members that all records have, and its own. */
function leaseRecord({ event, createdAt, endsAt, territory: name, ...of }: WaitingLeaseEvent): object {
  const { account, cessAccount, state, days } = of;
  return {
    eventVersion: "2.1",
    eventSource: "cess:territory",
    eventTime: new Date(createdAt).toISOString(),
    eventName: event,
    territory: { name, account, cessAccount, state, days, endsAt: new Date(endsAt).toISOString() },
  };
}

function testMessage({ createdAt, bucket, source }: WaitingObjectEvent): object {
  return {
    Service: "Amazon S3",
    Event: TEST_EVENT,
    Time: new Date(createdAt).toISOString(),
    Bucket: bucket,
    RequestId: source.requestId,
    HostId: "cess-s3",
  };
}

/** An event in S3's message structure, version 2.1. */
function eventRecord(event: WaitingObjectEvent): object {
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
      object: defined({
        // Encoded as in an HTML form except for the slash: that is how S3's consumers decode it.
        key: new URLSearchParams([["", key]]).toString().slice(1).replaceAll("%2F", "/"),
        size,
        eTag: etag,
        versionId,
        // Of two events of a key, the one with the greater sequencer is the later.
        sequencer: Number(id).toString(16).toUpperCase().padStart(16, "0"),
        fid,
      }),
    },
  };
}
