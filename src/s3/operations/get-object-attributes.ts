import type { GetObjectAttributesOutput, GetObjectAttributesParts, ObjectAttributes } from "@aws-sdk/client-s3";
import type { ObjectKey } from "../../gateway/gateway.js";
import type { CustomerKey } from "../../model/encryption.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { ObjectVersion } from "../../model/object.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import type { S3Request } from "../request.js";
import { checksumFields, checksumMembers } from "../wire/checksum-headers.js";
import { onlyCustomerKey } from "../wire/encryption-headers.js";
import { formatHttpDate } from "../wire/http-date.js";
import { requestedObject } from "../wire/object-name.js";
import type { XmlDocument, XmlField } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

const known: readonly ObjectAttributes[] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
const MAX_PARTS = 1000;

interface Input {
  readonly name: ObjectKey;
  readonly customer: CustomerKey | undefined;
  readonly attributes: ReadonlySet<string>;
  readonly maxParts: number;
  readonly after: number;
}

const integer = (element: string, member = element): XmlField => ({ element, member, type: "integer" });

const document: XmlDocument<GetObjectAttributesOutput> = {
  root: "GetObjectAttributesResponse",
  fields: [
    { element: "ETag", type: "string" },
    { element: "Checksum", type: [...checksumFields, { element: "ChecksumType", type: "string" }] },
    {
      element: "ObjectParts",
      type: [
        integer("PartsCount", "TotalPartsCount"),
        integer("PartNumberMarker"),
        integer("NextPartNumberMarker"),
        integer("MaxParts"),
        { element: "IsTruncated", type: "boolean" },
        {
          element: "Part",
          member: "Parts",
          list: true,
          type: [integer("PartNumber"), integer("Size"), ...checksumFields],
        },
      ],
    },
    { element: "StorageClass", type: "string" },
    integer("ObjectSize"),
  ],
};

/** InvalidRequest for a header that names none, InvalidArgument for a name that S3 does not know. */
function attributesOf({ headers }: S3Request): ReadonlySet<string> {
  const names = (headers.get("x-amz-object-attributes") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0)
    throw new S3Error("InvalidRequest", {
      message:
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
    });
  const wrong = names.find((name) => !known.some((attribute) => attribute === name));
  if (wrong !== undefined)
    throw new S3Error("InvalidArgument", {
      message: "Invalid attribute name specified.",
      fields: { ArgumentName: "x-amz-object-attributes", ArgumentValue: wrong.slice(0, 200) },
    });
  return new Set(names);
}

function count({ headers }: S3Request, name: string, fallback: number): number {
  const text = headers.get(name);
  // S3 ignores an invalid count.
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : fallback;
}

function partsOf({ parts }: ObjectVersion, { after, maxParts }: Input): GetObjectAttributesParts | undefined {
  if (!parts) return undefined;
  const rest = parts.filter(({ partNumber }) => partNumber > after);
  const page = rest.slice(0, maxParts);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(after),
    MaxParts: maxParts,
    IsTruncated: page.length < rest.length,
    NextPartNumberMarker: String(page.at(-1)?.partNumber ?? 0),
    Parts: page.map(({ partNumber, size, checksum }) => {
      const { ChecksumType, ...value } = checksumMembers(checksum);
      return { PartNumber: partNumber, Size: size, ...(ChecksumType ? value : {}) };
    }),
  };
}

export const getObjectAttributes: Operation<Input, GetObjectAttributesOutput> = {
  name: "GetObjectAttributes",
  match: { method: "GET", scope: "object", query: ["attributes"] },
  access: onObject("s3:GetObjectAttributes"),
  parse: (request) => ({
    name: requestedObject(request),
    customer: onlyCustomerKey(request.headers),
    attributes: attributesOf(request),
    maxParts: Math.min(count(request, "x-amz-max-parts", MAX_PARTS), MAX_PARTS),
    after: count(request, "x-amz-part-number-marker", 0),
  }),
  async run({ objects }, input, call) {
    const { attributes, customer } = input;
    const { version, versionId } = await objects.head(call, input.name, defined({ preconditions: {}, customer }));
    const { etag, checksum, content, size } = version;
    return {
      LastModified: new Date(version.createdAt),
      VersionId: versionId,
      ETag: attributes.has("ETag") ? etag : undefined,
      // Only here, S3 writes a composite checksum without the number of parts at its end.
      Checksum:
        attributes.has("Checksum") && checksum
          ? checksumMembers({ ...checksum, value: checksum.value.replace(/-\d+$/, "") })
          : undefined,
      ObjectParts: attributes.has("ObjectParts") ? partsOf(version, input) : undefined,
      StorageClass: attributes.has("StorageClass")
        ? ((content.storageClass ?? "STANDARD") as NonNullable<GetObjectAttributesOutput["StorageClass"]>)
        : undefined,
      ObjectSize: attributes.has("ObjectSize") ? size : undefined,
    };
  },
  render: (output) =>
    xmlResponse(document, output, {
      "Last-Modified": output.LastModified && formatHttpDate(output.LastModified.getTime()),
      "x-amz-version-id": output.VersionId,
    }),
};
