import type { ListObjectsV2Output, ListObjectsV2Request } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { onBucket } from "../access-rules.js";
import type { OfBucket, Operation } from "../operation.js";
import { listObjectsV2Result } from "../wire/documents.js";
import { encodingType, listedText, pageLimit, readToken, writeToken } from "../wire/paging.js";
import { xmlResponse } from "../xml-response.js";
import { listedObject } from "./listed-object.js";

type Input = OfBucket<ListObjectsV2Request> & { readonly Region: string };

export const listObjectsV2: Operation<Input, ListObjectsV2Output & { readonly Region: string }> = {
  name: "ListObjectsV2",
  match: { method: "GET", scope: "bucket", query: ["list-type=2"] },
  access: onBucket("s3:ListBucket"),
  parse({ bucket, query, region }) {
    const token = query.get("continuation-token");
    if (token === "") throw new S3Error("InvalidArgument", { message: "The continuation token provided is incorrect" });
    return {
      Bucket: bucket,
      Region: region,
      Prefix: query.get("prefix") ?? "",
      Delimiter: query.get("delimiter"),
      StartAfter: query.get("start-after"),
      MaxKeys: pageLimit(query, "max-keys"),
      EncodingType: encodingType(query),
      ContinuationToken: token,
      FetchOwner: query.get("fetch-owner")?.toLowerCase() === "true",
    };
  },
  async run({ objects }, input, call) {
    const {
      Bucket,
      Region,
      Prefix = "",
      Delimiter = "",
      MaxKeys = 1000,
      EncodingType,
      StartAfter,
      ContinuationToken,
      FetchOwner,
    } = input;
    const after = ContinuationToken === undefined ? (StartAfter ?? "") : readToken(ContinuationToken);
    const page = await objects.list(call, { prefix: Prefix, delimiter: Delimiter, after, limit: MaxKeys });
    const text = listedText(EncodingType);
    const truncated = page.truncated && MaxKeys > 0;
    return {
      Region,
      Name: Bucket,
      Prefix: text(Prefix),
      MaxKeys,
      EncodingType,
      IsTruncated: truncated,
      ContinuationToken,
      // Echoed even beside a token, although only the token then decides where the page begins.
      StartAfter: StartAfter === undefined ? undefined : text(StartAfter),
      Delimiter: Delimiter === "" ? undefined : text(Delimiter),
      KeyCount: page.keys.length + page.prefixes.length,
      NextContinuationToken: truncated && page.last !== undefined ? writeToken(page.last) : undefined,
      Contents: page.keys.map((key) => listedObject(key, text, FetchOwner ? call.account : undefined)),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: text(prefix) })),
    };
  },
  render: (output) => xmlResponse(listObjectsV2Result, output, { "x-amz-bucket-region": output.Region }),
};
