import type { ListBucketsOutput, ListBucketsRequest } from "@aws-sdk/client-s3";
import { onService } from "../access-rules.js";
import type { Operation } from "../operation.js";
import type { Call } from "../../gateway/gateway.js";
import { listBucketsResult } from "../wire/documents.js";
import { strictLimit, readToken, writeToken } from "../wire/paging.js";
import { xmlResponse } from "../xml-response.js";

const MAX_BUCKETS = 10_000;

export const listBuckets: Operation<ListBucketsRequest, ListBucketsOutput, Call> = {
  name: "ListBuckets",
  match: { method: "GET", scope: "service" },
  access: onService("s3:ListAllMyBuckets"),
  parse: ({ query }) => ({
    Prefix: query.get("prefix"),
    MaxBuckets: strictLimit(query, "max-buckets", MAX_BUCKETS),
    BucketRegion: query.get("bucket-region"),
    ContinuationToken: query.get("continuation-token"),
  }),
  async run({ buckets }, { Prefix, MaxBuckets = MAX_BUCKETS, BucketRegion, ContinuationToken }, call) {
    const after = ContinuationToken ? readToken(ContinuationToken) : "";
    const found = (await buckets.list(call)).filter(
      ({ name, region }) => name > after && name.startsWith(Prefix ?? "") && (!BucketRegion || region === BucketRegion),
    );
    const page = found.slice(0, MaxBuckets);
    const last = page.at(-1);
    return {
      Owner: { ID: call.account.id, DisplayName: call.account.displayName },
      Buckets: page.map(({ name, createdAt, region }) => ({
        Name: name,
        CreationDate: new Date(createdAt),
        BucketRegion: region,
      })),
      Prefix,
      ContinuationToken: last && found.length > page.length ? writeToken(last.name) : undefined,
    };
  },
  render: (output) => xmlResponse(listBucketsResult, output),
};
