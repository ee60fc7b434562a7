import type { XmlField } from "./xml-schema.js";

const strings = (...elements: readonly string[]): XmlField[] =>
  elements.map((element) => ({ element, type: "string" }));
const owner: XmlField = { element: "Owner", type: strings("ID", "DisplayName") };
const version: readonly XmlField[] = [
  ...strings("Key", "VersionId"),
  { element: "IsLatest", type: "boolean" },
  { element: "LastModified", type: "timestamp" },
];

/**
 * ListVersionsResult in three pieces, because its entries mix two elements: the fields before them, the entries, the
 * rest.
 */
export const listVersionsHead: readonly XmlField[] = [
  ...strings("Name", "Prefix", "KeyMarker", "VersionIdMarker", "NextKeyMarker", "NextVersionIdMarker"),
  { element: "MaxKeys", type: "integer" },
  ...strings("Delimiter", "EncodingType"),
  { element: "IsTruncated", type: "boolean" },
];

export const listVersionsEntries: readonly XmlField[] = [
  {
    element: "Version",
    type: [
      ...version,
      ...strings("ETag"),
      { element: "ChecksumAlgorithm", type: "string", list: true },
      ...strings("ChecksumType"),
      { element: "Size", type: "integer" },
      owner,
      ...strings("StorageClass"),
    ],
  },
  { element: "DeleteMarker", type: [...version, owner] },
];

export const listVersionsPrefixes: readonly XmlField[] = [
  { element: "CommonPrefixes", list: true, type: strings("Prefix") },
];
