import { S3Error, type ErrorKind } from "../../gateway/s3-error.js";
import { onBucket } from "../access-rules.js";
import type { Operation, S3Response } from "../operation.js";
import { S3_NAMESPACE } from "../wire/xml-schema.js";
import { XML_DECLARATION } from "../wire/xml-writer.js";

/**
 * AWS's answer where nothing was ever configured: an error, a document (its root and the XML inside), or success
 * without a body.
 */
type Answer = undefined | ErrorKind | { readonly root: string; readonly inner?: string };

function documentResponse(root: string, inner: string): S3Response {
  return {
    status: 200,
    headers: { "Content-Type": "application/xml" },
    body: `${XML_DECLARATION}<${root} xmlns="${S3_NAMESPACE}">${inner}</${root}>`,
  };
}

/**
 * Reads or removes a configuration that is not offered, as if it was never set. Tools ask for these, and NotImplemented
 * would break them. The bucket or object must exist.
 */
function probe(
  name: string,
  query: string,
  action: string,
  answer: Answer,
  method: "GET" | "DELETE" = "GET",
): Operation<undefined, S3Response> {
  return {
    name,
    match: { method, scope: "bucket", query: query.split("&") },
    access: onBucket(action),
    parse: () => undefined,
    run(_gateway, _input, { bucket }) {
      if (typeof answer === "string") throw new S3Error(answer, { fields: { BucketName: bucket.name } });
      if (answer === undefined) return Promise.resolve({ status: 204, headers: {} });
      return Promise.resolve(documentResponse(answer.root, answer.inner ?? ""));
    },
    render: (response) => response,
  };
}

const emptyList = (root: string) => ({ root, inner: "<IsTruncated>false</IsTruncated>" });

export const probes: readonly Operation<undefined, S3Response>[] = [
  probe(
    "DeleteBucketAnalyticsConfiguration",
    "analytics&id",
    "s3:PutAnalyticsConfiguration",
    "NoSuchConfiguration",
    "DELETE",
  ),
  probe(
    "DeleteBucketIntelligentTieringConfiguration",
    "intelligent-tiering&id",
    "s3:PutIntelligentTieringConfiguration",
    "NoSuchConfiguration",
    "DELETE",
  ),
  probe(
    "DeleteBucketInventoryConfiguration",
    "inventory&id",
    "s3:PutInventoryConfiguration",
    "NoSuchConfiguration",
    "DELETE",
  ),
  probe(
    "DeleteBucketMetricsConfiguration",
    "metrics&id",
    "s3:PutMetricsConfiguration",
    "NoSuchConfiguration",
    "DELETE",
  ),
  probe("DeleteBucketReplication", "replication", "s3:PutReplicationConfiguration", undefined, "DELETE"),
  probe("GetBucketAccelerateConfiguration", "accelerate", "s3:GetAccelerateConfiguration", {
    root: "AccelerateConfiguration",
  }),
  probe("GetBucketAnalyticsConfiguration", "analytics&id", "s3:GetAnalyticsConfiguration", "NoSuchConfiguration"),
  probe(
    "GetBucketIntelligentTieringConfiguration",
    "intelligent-tiering&id",
    "s3:GetIntelligentTieringConfiguration",
    "NoSuchConfiguration",
  ),
  probe("GetBucketInventoryConfiguration", "inventory&id", "s3:GetInventoryConfiguration", "NoSuchConfiguration"),
  probe(
    "GetBucketMetadataConfiguration",
    "metadataConfiguration",
    "s3:GetBucketMetadataTableConfiguration",
    "MetadataConfigurationNotFound",
  ),
  probe(
    "GetBucketMetadataTableConfiguration",
    "metadataTable",
    "s3:GetBucketMetadataTableConfiguration",
    "MetadataConfigurationNotFound",
  ),
  probe("GetBucketMetricsConfiguration", "metrics&id", "s3:GetMetricsConfiguration", "NoSuchConfiguration"),
  probe(
    "GetBucketReplication",
    "replication",
    "s3:GetReplicationConfiguration",
    "ReplicationConfigurationNotFoundError",
  ),
  probe(
    "ListBucketAnalyticsConfigurations",
    "analytics",
    "s3:GetAnalyticsConfiguration",
    emptyList("ListBucketAnalyticsConfigurationResult"),
  ),
  probe(
    "ListBucketIntelligentTieringConfigurations",
    "intelligent-tiering",
    "s3:GetIntelligentTieringConfiguration",
    emptyList("ListBucketIntelligentTieringConfigurationsOutput"),
  ),
  probe(
    "ListBucketInventoryConfigurations",
    "inventory",
    "s3:GetInventoryConfiguration",
    emptyList("ListInventoryConfigurationsResult"),
  ),
  probe(
    "ListBucketMetricsConfigurations",
    "metrics",
    "s3:GetMetricsConfiguration",
    emptyList("ListMetricsConfigurationsResult"),
  ),
];
