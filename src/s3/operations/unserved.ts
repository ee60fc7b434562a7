import type { RequestPattern } from "../operation.js";

/** An operation of S3's API that is answered with NotImplemented and its name. */
export interface Unserved {
  readonly name: string;
  readonly match: RequestPattern;
}

type Method = RequestPattern["method"];

const rows = (method: Method, scope: RequestPattern["scope"], names: Readonly<Record<string, string>>): Unserved[] =>
  Object.entries(names).map(([name, query]) => ({ name, match: { method, scope, query: query.split("&") } }));

export const unserved: readonly Unserved[] = [
  ...rows("GET", "service", { ListDirectoryBuckets: "x-id=ListDirectoryBuckets", ListenNotification: "events" }),
  // MinIO's own operation, which its clients send. Without a row, they would get a listing instead.
  ...rows("GET", "bucket", { ListenBucketNotification: "events", CreateSession: "session", GetBucketAbac: "abac" }),
  ...rows("PUT", "bucket", {
    PutBucketAbac: "abac",
    PutBucketAnalyticsConfiguration: "analytics",
    PutBucketIntelligentTieringConfiguration: "intelligent-tiering",
    PutBucketInventoryConfiguration: "inventory",
    PutBucketMetricsConfiguration: "metrics",
    PutBucketReplication: "replication",
    UpdateBucketMetadataAnnotationTableConfiguration: "metadataAnnotationTable",
    UpdateBucketMetadataInventoryTableConfiguration: "metadataInventoryTable",
    UpdateBucketMetadataJournalTableConfiguration: "metadataJournalTable",
  }),
  ...rows("POST", "bucket", {
    CreateBucketMetadataConfiguration: "metadataConfiguration",
    CreateBucketMetadataTableConfiguration: "metadataTable",
  }),
  ...rows("DELETE", "bucket", {
    DeleteBucketMetadataConfiguration: "metadataConfiguration",
    DeleteBucketMetadataTableConfiguration: "metadataTable",
  }),
  ...rows("GET", "object", {
    GetObjectAnnotation: "annotation&annotationName",
    GetObjectTorrent: "torrent",
    ListObjectAnnotations: "annotation",
  }),
  ...rows("PUT", "object", {
    PutObjectAnnotation: "annotation",
    RenameObject: "renameObject",
    UpdateObjectEncryption: "encryption",
  }),
  ...rows("POST", "object", { SelectObjectContent: "select" }),
  ...rows("DELETE", "object", { DeleteObjectAnnotation: "annotation" }),
  { name: "WriteGetObjectResponse", match: { method: "POST", scope: "bucket", header: "x-amz-request-route" } },
];
