import type { CORSConfiguration } from "@aws-sdk/client-s3";
import { corsMethods, MAX_CORS_RULES, type CorsMethod, type CorsRule } from "../../model/cors.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { WireDocument } from "../document-operations.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

const corsConfiguration: XmlDocument<CORSConfiguration> = {
  root: "CORSConfiguration",
  fields: [
    {
      element: "CORSRule",
      member: "CORSRules",
      list: true,
      required: true,
      type: [
        { element: "ID", type: "string" },
        { element: "AllowedHeader", member: "AllowedHeaders", type: "string", list: true },
        { element: "AllowedMethod", member: "AllowedMethods", type: "string", list: true, required: true },
        { element: "AllowedOrigin", member: "AllowedOrigins", type: "string", list: true, required: true },
        { element: "ExposeHeader", member: "ExposeHeaders", type: "string", list: true },
        { element: "MaxAgeSeconds", type: "integer" },
      ],
    },
  ],
};

/** AWS's limit. */
const MAX_ID = 255;

const invalid = (message: string) => new S3Error("InvalidRequest", { message });

function readRule(rule: NonNullable<CORSConfiguration["CORSRules"]>[number]): CorsRule {
  const {
    ID: id,
    AllowedHeaders: headers = [],
    AllowedMethods: methods = [],
    AllowedOrigins: origins = [],
    ExposeHeaders: exposed = [],
    MaxAgeSeconds: maxAge,
  } = rule;
  if ((id ?? "").length > MAX_ID) throw invalid(`ID cannot be longer than ${MAX_ID} characters.`);
  for (const method of methods) {
    if (!corsMethods.includes(method as CorsMethod))
      throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method.slice(0, 40)}`);
  }
  for (const origin of origins)
    if (origin.split("*").length > 2)
      throw invalid(`AllowedOrigin "${origin.slice(0, 100)}" can not have more than one wildcard.`);
  for (const header of headers)
    if (header.split("*").length > 2)
      throw invalid(`AllowedHeader "${header.slice(0, 100)}" can not have more than one wildcard.`);
  for (const header of exposed)
    if (!/^[!#$%&'+.^`|~\w-]+$/.test(header))
      throw invalid(
        `ExposeHeader "${header.slice(0, 100)}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
      );
  if (maxAge !== undefined && (maxAge < 0 || maxAge > 2_147_483_647)) throw new S3Error("MalformedXML");
  return defined({ id, headers, methods: methods as CorsMethod[], origins, exposed, maxAge });
}

export const corsDocument: WireDocument<"cors"> = {
  document: "cors",
  query: "cors",
  get: { name: "GetBucketCors", action: "s3:GetBucketCORS" },
  // The size is AWS's limit.
  put: { name: "PutBucketCors", action: "s3:PutBucketCORS", maxBytes: 64 * 1024, digested: true },
  delete: { name: "DeleteBucketCors", action: "s3:PutBucketCORS" },
  read(text) {
    const { CORSRules = [] } = readXml(text, corsConfiguration);
    if (CORSRules.length > MAX_CORS_RULES)
      throw invalid("The number of CORS rules should not exceed allowed limit of 100 rules.");
    return CORSRules.map(readRule);
  },
  write: (rules) =>
    xmlResponse(corsConfiguration, {
      CORSRules: rules.map(({ id, headers, methods, origins, exposed, maxAge }) => ({
        ID: id,
        AllowedHeaders: [...headers],
        AllowedMethods: [...methods],
        AllowedOrigins: [...origins],
        ExposeHeaders: [...exposed],
        MaxAgeSeconds: maxAge,
      })),
    }),
};
