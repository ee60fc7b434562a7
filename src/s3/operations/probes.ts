import type { Account } from "../../model/account.js";
import { S3Error, type ErrorKind } from "../../model/errors.js";
import type { Operation, RequestPattern, S3Response } from "../operation.js";
import { S3_NAMESPACE } from "../wire/xml-schema.js";
import { XML_DECLARATION } from "../wire/xml-writer.js";
import { versionId } from "../wire/paging.js";

/**
 * AWS's answer where nothing was ever configured: an error, a document (its root and the XML inside), or success
 * without a body.
 */
type Answer = undefined | ErrorKind | { readonly root: string; readonly inner?: string | ((owner: Account) => string) };

interface Probe {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

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
  scope: "bucket" | "object",
  query: string,
  answer: Answer,
  method: "GET" | "DELETE" = "GET",
): Operation<Probe, S3Response> {
  const match: RequestPattern = { method, scope, query: query.split("&") };
  return {
    name,
    match,
    access: "read",
    parse: ({ bucket, key, query: parameters }) => ({ bucket, key, versionId: versionId(parameters) }),
    async run({ buckets, objects }, { bucket, key, versionId: version }, call) {
      if (scope === "bucket") await buckets.get(call, bucket);
      else
        await objects.head(
          call,
          { bucket, key, ...(version === undefined ? {} : { versionId: version }) },
          { preconditions: {} },
        );
      if (typeof answer === "string") throw new S3Error(answer, { fields: { BucketName: bucket } });
      if (answer === undefined) return { status: 204, headers: {} };
      const { root, inner = "" } = answer;
      return documentResponse(root, typeof inner === "string" ? inner : inner(call.account));
    },
    render: (response) => response,
  };
}

const emptyList = (root: string) => ({ root, inner: "<IsTruncated>false</IsTruncated>" });

export const probes: readonly Operation<Probe, S3Response>[] = [
  probe("DeleteBucketAnalyticsConfiguration", "bucket", "analytics&id", "NoSuchConfiguration", "DELETE"),
  probe(
    "DeleteBucketIntelligentTieringConfiguration",
    "bucket",
    "intelligent-tiering&id",
    "NoSuchConfiguration",
    "DELETE",
  ),
  probe("DeleteBucketInventoryConfiguration", "bucket", "inventory&id", "NoSuchConfiguration", "DELETE"),
  probe("DeleteBucketMetricsConfiguration", "bucket", "metrics&id", "NoSuchConfiguration", "DELETE"),
  probe("DeleteBucketReplication", "bucket", "replication", undefined, "DELETE"),
  probe("GetBucketAccelerateConfiguration", "bucket", "accelerate", { root: "AccelerateConfiguration" }),
  probe("GetBucketAnalyticsConfiguration", "bucket", "analytics&id", "NoSuchConfiguration"),
  probe("GetBucketIntelligentTieringConfiguration", "bucket", "intelligent-tiering&id", "NoSuchConfiguration"),
  probe("GetBucketInventoryConfiguration", "bucket", "inventory&id", "NoSuchConfiguration"),
  probe("GetBucketMetadataConfiguration", "bucket", "metadataConfiguration", "MetadataConfigurationNotFound"),
  probe("GetBucketMetadataTableConfiguration", "bucket", "metadataTable", "MetadataConfigurationNotFound"),
  probe("GetBucketMetricsConfiguration", "bucket", "metrics&id", "NoSuchConfiguration"),
  probe("GetBucketReplication", "bucket", "replication", "ReplicationConfigurationNotFoundError"),
  probe(
    "ListBucketAnalyticsConfigurations",
    "bucket",
    "analytics",
    emptyList("ListBucketAnalyticsConfigurationResult"),
  ),
  probe(
    "ListBucketIntelligentTieringConfigurations",
    "bucket",
    "intelligent-tiering",
    emptyList("ListBucketIntelligentTieringConfigurationsOutput"),
  ),
  probe("ListBucketInventoryConfigurations", "bucket", "inventory", emptyList("ListInventoryConfigurationsResult")),
  probe("ListBucketMetricsConfigurations", "bucket", "metrics", emptyList("ListMetricsConfigurationsResult")),
];
