import type {
  CompletedMultipartUpload,
  CompleteMultipartUploadOutput,
  CopyObjectResult,
  CopyPartResult,
  CreateBucketConfiguration,
  CreateMultipartUploadOutput,
  Delete,
  DeleteObjectsOutput,
  ListBucketsOutput,
  ListMultipartUploadsOutput,
  ListObjectsOutput,
  ListObjectsV2Output,
  ListPartsOutput,
} from "@aws-sdk/client-s3";
import { checksumFields } from "./checksum-headers.js";
import type { XmlDocument, XmlField } from "./xml-schema.js";

const string = (element: string): XmlField => ({ element, type: "string" });
const strings = (...elements: readonly string[]): XmlField[] => elements.map(string);
const integer = (element: string): XmlField => ({ element, type: "integer" });
const boolean = (element: string): XmlField => ({ element, type: "boolean" });
const timestamp = (element: string): XmlField => ({ element, type: "timestamp" });

const principal = (element: string): XmlField => ({ element, type: strings("ID", "DisplayName") });
const checksums = [...checksumFields, string("ChecksumType")];
const commonPrefixes: XmlField = { element: "CommonPrefixes", list: true, type: [string("Prefix")] };

const contents: XmlField = {
  element: "Contents",
  list: true,
  type: [
    string("Key"),
    timestamp("LastModified"),
    string("ETag"),
    { element: "ChecksumAlgorithm", type: "string", list: true },
    string("ChecksumType"),
    integer("Size"),
    string("StorageClass"),
    principal("Owner"),
  ],
};

export const createBucketConfiguration: XmlDocument<CreateBucketConfiguration> = {
  root: "CreateBucketConfiguration",
  fields: [
    string("LocationConstraint"),
    { element: "Tag", member: "Tags", within: "Tags", list: true, type: strings("Key", "Value") },
  ],
};

export const deleteDocument: XmlDocument<Delete> = {
  root: "Delete",
  fields: [
    {
      element: "Object",
      member: "Objects",
      list: true,
      required: true,
      type: [
        { element: "Key", type: "string", required: true },
        ...strings("VersionId", "ETag"),
        timestamp("LastModifiedTime"),
        integer("Size"),
      ],
    },
    boolean("Quiet"),
  ],
};

export const deleteResult: XmlDocument<DeleteObjectsOutput> = {
  root: "DeleteResult",
  fields: [
    {
      element: "Deleted",
      list: true,
      type: [...strings("Key", "VersionId"), boolean("DeleteMarker"), string("DeleteMarkerVersionId")],
    },
    { element: "Error", member: "Errors", list: true, type: strings("Key", "VersionId", "Code", "Message") },
  ],
};

export const completedMultipartUpload: XmlDocument<CompletedMultipartUpload> = {
  root: "CompleteMultipartUpload",
  fields: [
    {
      element: "Part",
      member: "Parts",
      list: true,
      required: true,
      type: [
        { element: "PartNumber", type: "integer", required: true },
        { element: "ETag", type: "string", required: true },
        ...checksumFields,
      ],
    },
  ],
};

export const completeResult: XmlDocument<CompleteMultipartUploadOutput> = {
  root: "CompleteMultipartUploadResult",
  fields: [...strings("Location", "Bucket", "Key", "ETag"), ...checksums],
};

/** PostResponse, which has no namespace. */
export const postResponse: readonly XmlField[] = strings("Location", "Bucket", "Key", "ETag");

export const initiateResult: XmlDocument<CreateMultipartUploadOutput> = {
  root: "InitiateMultipartUploadResult",
  fields: strings("Bucket", "Key", "UploadId"),
};

export const copyObjectResult: XmlDocument<CopyObjectResult> = {
  root: "CopyObjectResult",
  fields: [timestamp("LastModified"), string("ETag"), ...checksums],
};

export const copyPartResult: XmlDocument<CopyPartResult> = {
  root: "CopyPartResult",
  fields: [timestamp("LastModified"), string("ETag"), ...checksumFields],
};

export const listBucketsResult: XmlDocument<ListBucketsOutput> = {
  root: "ListAllMyBucketsResult",
  fields: [
    principal("Owner"),
    {
      element: "Bucket",
      member: "Buckets",
      list: true,
      within: "Buckets",
      type: [string("Name"), timestamp("CreationDate"), string("BucketRegion")],
    },
    ...strings("Prefix", "ContinuationToken"),
  ],
};

export const listObjectsResult: XmlDocument<ListObjectsOutput> = {
  root: "ListBucketResult",
  fields: [
    ...strings("Name", "Prefix", "Marker", "NextMarker"),
    integer("MaxKeys"),
    ...strings("Delimiter", "EncodingType"),
    boolean("IsTruncated"),
    contents,
    commonPrefixes,
  ],
};

export const listObjectsV2Result: XmlDocument<ListObjectsV2Output> = {
  root: "ListBucketResult",
  fields: [
    ...strings("Name", "Prefix", "StartAfter", "ContinuationToken", "NextContinuationToken"),
    integer("KeyCount"),
    integer("MaxKeys"),
    ...strings("Delimiter", "EncodingType"),
    boolean("IsTruncated"),
    contents,
    commonPrefixes,
  ],
};

export const listUploadsResult: XmlDocument<ListMultipartUploadsOutput> = {
  root: "ListMultipartUploadsResult",
  fields: [
    ...strings(
      "Bucket",
      "KeyMarker",
      "UploadIdMarker",
      "NextKeyMarker",
      "NextUploadIdMarker",
      "Delimiter",
      "Prefix",
      "EncodingType",
    ),
    integer("MaxUploads"),
    boolean("IsTruncated"),
    {
      element: "Upload",
      member: "Uploads",
      list: true,
      type: [
        ...strings("Key", "UploadId"),
        principal("Initiator"),
        principal("Owner"),
        string("StorageClass"),
        timestamp("Initiated"),
        ...strings("ChecksumAlgorithm", "ChecksumType"),
      ],
    },
    commonPrefixes,
  ],
};

export const listPartsResult: XmlDocument<ListPartsOutput> = {
  root: "ListPartsResult",
  fields: [
    ...strings("Bucket", "Key", "UploadId"),
    principal("Initiator"),
    principal("Owner"),
    ...strings("StorageClass", "PartNumberMarker", "NextPartNumberMarker"),
    integer("MaxParts"),
    boolean("IsTruncated"),
    ...strings("ChecksumAlgorithm", "ChecksumType"),
    {
      element: "Part",
      member: "Parts",
      list: true,
      type: [integer("PartNumber"), timestamp("LastModified"), string("ETag"), integer("Size"), ...checksumFields],
    },
  ],
};
