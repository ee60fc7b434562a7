import type { WaitingEvent } from "../catalog/catalog.js";

/** An event as S3 tells it, version 2.1 of its structure. */
export function eventRecord(event: WaitingEvent): object {
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
        ...(size === undefined ? {} : { size }), ...(etag === undefined ? {} : { eTag: etag }), ...(versionId === undefined ? {} : { versionId }),
        // Of two events of a key the one with the greater text is the later.
        sequencer: Number(id).toString(16).toUpperCase().padStart(16, "0"),
        ...(fid === undefined ? {} : { fid }),
      },
    },
  };
}
