import type { ListObjectsOutput, ListObjectsRequest } from "@aws-sdk/client-s3";
import { onBucket } from "../access-rules.js";
import type { OfBucket, Operation } from "../operation.js";
import { listObjectsResult } from "../wire/documents.js";
import { encodingType, listedText, pageLimit } from "../wire/paging.js";
import { xmlResponse } from "../xml-response.js";
import { listedObject } from "./listed-object.js";

type Input = OfBucket<ListObjectsRequest> & { readonly Region: string };

export const listObjects: Operation<Input, ListObjectsOutput & { readonly Region: string }> = {
  name: "ListObjects",
  match: { method: "GET", scope: "bucket" },
  access: onBucket("s3:ListBucket"),
  parse: ({ bucket, query, region }) => ({
    Bucket: bucket,
    Region: region,
    Prefix: query.get("prefix") ?? "",
    Delimiter: query.get("delimiter"),
    Marker: query.get("marker") ?? "",
    MaxKeys: pageLimit(query, "max-keys"),
    EncodingType: encodingType(query),
  }),
  async run({ objects }, input, call) {
    const { Bucket, Region, Prefix = "", Delimiter = "", Marker = "", MaxKeys = 1000, EncodingType } = input;
    const page = await objects.list(call, {
      prefix: Prefix,
      delimiter: Delimiter,
      after: Marker,
      limit: MaxKeys,
    });
    const text = listedText(EncodingType);
    const truncated = page.truncated && MaxKeys > 0;
    return {
      Region,
      Name: Bucket,
      Prefix: text(Prefix),
      Marker: text(Marker),
      MaxKeys,
      EncodingType,
      IsTruncated: truncated,
      Delimiter: Delimiter === "" ? undefined : text(Delimiter),
      // Without a delimiter, the last key is the next marker, and S3 sends no NextMarker.
      NextMarker: truncated && Delimiter !== "" && page.last !== undefined ? text(page.last) : undefined,
      Contents: page.keys.map((key) => listedObject(key, text, call.account)),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: text(prefix) })),
    };
  },
  render: (output) => xmlResponse(listObjectsResult, output, { "x-amz-bucket-region": output.Region }),
};
