import type { Tagging } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import type { Tag } from "../../model/tag.js";
import type { Headers } from "./headers.js";
import { Query } from "./query.js";
import { readXml } from "./xml-reader.js";
import type { XmlDocument } from "./xml-schema.js";

const HEADER = "x-amz-tagging";

/** `x-amz-tagging: a=1&b=2`, encoded as a query. Undefined where the header is absent or empty. */
export function taggingHeader(headers: Headers): readonly Tag[] | undefined {
  const text = headers.get(HEADER);
  if (!text) return undefined;
  const malformed = () =>
    new S3Error("InvalidArgument", {
      message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      fields: { ArgumentName: HEADER, ArgumentValue: text.slice(0, 200) },
    });
  let query: Query;
  try {
    query = new Query(text);
  } catch {
    throw malformed();
  }
  return [...query.entries()].map(([key, [value = "", ...more]]) => {
    if (more.length > 0) throw malformed();
    return { key, value };
  });
}

/** The policy condition keys about the tags in a request. */
export function tagConditions(tags: readonly Tag[]): Readonly<Record<string, readonly string[]>> {
  return {
    ...Object.fromEntries(tags.map(({ key, value }) => [`s3:requestobjecttag/${key}`, [value]])),
    "s3:requestobjecttagkeys": tags.map(({ key }) => key),
  };
}

/** The tags that a copy gets in place of its source's; undefined where it keeps those. InvalidArgument. */
export function replacedTags(headers: Headers): readonly Tag[] | undefined {
  const directive = headers.get("x-amz-tagging-directive") ?? "COPY";
  if (directive === "COPY") return undefined;
  if (directive === "REPLACE") return taggingHeader(headers) ?? [];
  throw new S3Error("InvalidArgument", {
    message: "Unknown tagging directive.",
    fields: { ArgumentName: "x-amz-tagging-directive", ArgumentValue: directive.slice(0, 100) },
  });
}

export const taggingDocument: XmlDocument<Tagging> = {
  root: "Tagging",
  fields: [
    {
      element: "Tag",
      member: "TagSet",
      within: "TagSet",
      list: true,
      type: [
        { element: "Key", type: "string", required: true },
        { element: "Value", type: "string", required: true },
      ],
    },
  ],
};

/** The tags in a Tagging document. MalformedXML. */
export function readTags(document: string): readonly Tag[] {
  if (!/<(\w+:)?TagSet[\s/>]/.test(document)) throw new S3Error("MalformedXML");
  const { TagSet = [] } = readXml(document, taggingDocument);
  return TagSet.map(({ Key = "", Value = "" }) => ({ key: Key, value: Value }));
}

export function tagSet(tags: readonly Tag[]): Tagging {
  return { TagSet: tags.map(({ key, value }) => ({ Key: key, Value: value })) };
}
