import type { ObjectLockConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../model/errors.js";
import { retentionModes, type LockConfiguration } from "../../model/object-lock.js";
import type { Operation } from "../operation.js";
import { readXml } from "../wire/xml-reader.js";
import type { XmlDocument } from "../wire/xml-schema.js";
import { xmlResponse } from "../xml-response.js";

/** AWS's limits for the default retention. */
const MAX_DAYS = 36_500;
const MAX_YEARS = 100;

const document: XmlDocument<ObjectLockConfiguration> = {
  root: "ObjectLockConfiguration",
  fields: [
    { element: "ObjectLockEnabled", type: "string" },
    {
      element: "Rule",
      type: [
        {
          element: "DefaultRetention",
          type: [
            { element: "Mode", type: "string" },
            { element: "Days", type: "integer" },
            { element: "Years", type: "integer" },
          ],
        },
      ],
    },
  ],
};

function parseConfiguration(text: string): LockConfiguration {
  if (text === "") throw new S3Error("MissingRequestBodyError");
  const { ObjectLockEnabled, Rule } = readXml(text, document);
  if (ObjectLockEnabled !== "Enabled") throw new S3Error("MalformedXML");
  if (!Rule) return {};
  const { Mode, Days, Years } = Rule.DefaultRetention ?? {};
  const mode = retentionModes.find((known) => known === Mode);
  if (!mode || (Days === undefined) === (Years === undefined)) throw new S3Error("MalformedXML");
  const [period, limit] = Days === undefined ? [Years ?? 0, MAX_YEARS] : [Days, MAX_DAYS];
  if (period < 1) throw new S3Error("InvalidRetentionPeriod");
  if (period > limit)
    throw new S3Error("InvalidArgument", {
      message: `The default retention period cannot be more than ${limit} ${Days === undefined ? "years" : "days"}`,
    });
  return { defaultRetention: { mode, ...(Days === undefined ? { years: period } : { days: period }) } };
}

export const getObjectLockConfiguration: Operation<string, LockConfiguration> = {
  name: "GetObjectLockConfiguration",
  match: { method: "GET", scope: "bucket", query: ["object-lock"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ locks }, bucket, call) => locks.configuration(call, bucket),
  render: ({ defaultRetention }) =>
    xmlResponse(document, {
      ObjectLockEnabled: "Enabled",
      ...(defaultRetention
        ? {
            Rule: {
              DefaultRetention: {
                Mode: defaultRetention.mode,
                Days: defaultRetention.days,
                Years: defaultRetention.years,
              },
            },
          }
        : {}),
    }),
};

export const putObjectLockConfiguration: Operation<
  { readonly bucket: string; readonly configuration: LockConfiguration },
  void
> = {
  name: "PutObjectLockConfiguration",
  match: { method: "PUT", scope: "bucket", query: ["object-lock"] },
  access: "owner",
  digested: true,
  document: 64 * 1024,
  parse: ({ bucket, document: text }) => ({ bucket, configuration: parseConfiguration(text) }),
  run: ({ locks }, { bucket, configuration }, call) => locks.configure(call, bucket, configuration),
  render: () => ({ status: 200, headers: {} }),
};
