import type { CORSConfiguration } from "@aws-sdk/client-s3";
import { corsMethods, MAX_CORS_RULES, type CorsMethod, type CorsRule } from "../../model/cors.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

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
  return {
    ...(id === undefined ? {} : { id }),
    headers,
    methods: methods as CorsMethod[],
    origins,
    exposed,
    ...(maxAge === undefined ? {} : { maxAge }),
  };
}

export const getBucketCors: Operation<string, readonly CorsRule[]> = {
  name: "GetBucketCors",
  match: { method: "GET", scope: "bucket", query: ["cors"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ cors }, bucket, call) => cors.rules(call, bucket),
  render: (rules) =>
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

export const putBucketCors: Operation<{ readonly bucket: string; readonly rules: readonly CorsRule[] }, void> = {
  name: "PutBucketCors",
  match: { method: "PUT", scope: "bucket", query: ["cors"] },
  access: "owner",
  // AWS's limit.
  digested: true,
  document: 64 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { CORSRules = [] } = readXml(document, corsConfiguration);
    if (CORSRules.length > MAX_CORS_RULES)
      throw invalid("The number of CORS rules should not exceed allowed limit of 100 rules.");
    return { bucket, rules: CORSRules.map(readRule) };
  },
  run: ({ cors }, { bucket, rules }, call) => cors.set(call, bucket, rules),
  render: () => ({ status: 200, headers: {} }),
};

export const deleteBucketCors: Operation<string, void> = {
  name: "DeleteBucketCors",
  match: { method: "DELETE", scope: "bucket", query: ["cors"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ cors }, bucket, call) => cors.delete(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
