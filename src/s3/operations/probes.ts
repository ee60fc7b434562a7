import type { Account } from "../../model/account.js";
import { S3Error, type ErrorKind } from "../../model/errors.js";
import type { Operation, RequestPattern, S3Response } from "../operation.js";
import { S3_NAMESPACE } from "../wire/xml-schema.js";
import { XML_DECLARATION } from "../wire/xml-writer.js";
import { versionId } from "../wire/paging.js";

/** What AWS answers where nothing was ever configured: an error's kind, or a document (root and its inner XML). */
type Answer = ErrorKind | { readonly root: string; readonly inner?: string | ((owner: Account) => string) };

interface Probe {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

function documentResponse(root: string, inner: string): S3Response {
  return {
    status: 200, headers: { "Content-Type": "application/xml" },
    body: `${XML_DECLARATION}<${root} xmlns="${S3_NAMESPACE}">${inner}</${root}>`,
  };
}

/** A read of a configuration we do not offer: tools probe these, and 501 breaks them. The bucket or object must exist. */
function probe(name: string, scope: "bucket" | "object", query: string, answer: Answer): Operation<Probe, S3Response> {
  const match: RequestPattern = { method: "GET", scope, query: query.split("&") };
  return {
    name, match, access: "read",
    parse: ({ bucket, key, query: parameters }) => ({ bucket, key, versionId: versionId(parameters) }),
    async run({ buckets, objects }, { bucket, key, versionId: version }, call) {
      if (scope === "bucket") await buckets.get(call, bucket);
      else await objects.head(call, { bucket, key, ...(version === undefined ? {} : { versionId: version }) }, { preconditions: {} });
      if (typeof answer === "string") throw new S3Error(answer, { fields: { BucketName: bucket } });
      const { root, inner = "" } = answer;
      return documentResponse(root, typeof inner === "string" ? inner : inner(call.account));
    },
    render: (response) => response,
  };
}

const emptyList = (root: string) => ({ root, inner: "<IsTruncated>false</IsTruncated>" });

export const probes: readonly Operation<Probe, S3Response>[] = [
  probe("GetBucketAccelerateConfiguration", "bucket", "accelerate", { root: "AccelerateConfiguration" }),
  probe("GetBucketAnalyticsConfiguration", "bucket", "analytics&id", "NoSuchConfiguration"),
  probe("GetBucketIntelligentTieringConfiguration", "bucket", "intelligent-tiering&id", "NoSuchConfiguration"),
  probe("GetBucketInventoryConfiguration", "bucket", "inventory&id", "NoSuchConfiguration"),
  probe("GetBucketLogging", "bucket", "logging", { root: "BucketLoggingStatus" }),
  probe("GetBucketMetadataConfiguration", "bucket", "metadataConfiguration", "MetadataConfigurationNotFound"),
  probe("GetBucketMetadataTableConfiguration", "bucket", "metadataTable", "MetadataConfigurationNotFound"),
  probe("GetBucketMetricsConfiguration", "bucket", "metrics&id", "NoSuchConfiguration"),
  probe("GetBucketReplication", "bucket", "replication", "ReplicationConfigurationNotFoundError"),
  probe("GetBucketRequestPayment", "bucket", "requestPayment", { root: "RequestPaymentConfiguration", inner: "<Payer>BucketOwner</Payer>" }),
  probe("ListBucketAnalyticsConfigurations", "bucket", "analytics", emptyList("ListBucketAnalyticsConfigurationResult")),
  probe("ListBucketIntelligentTieringConfigurations", "bucket", "intelligent-tiering", emptyList("ListBucketIntelligentTieringConfigurationsOutput")),
  probe("ListBucketInventoryConfigurations", "bucket", "inventory", emptyList("ListInventoryConfigurationsResult")),
  probe("ListBucketMetricsConfigurations", "bucket", "metrics", emptyList("ListMetricsConfigurationsResult")),
];
