import type { ObjectLockConfiguration } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { retentionModes, type LockConfiguration } from "../../model/object-lock.js";
import type { WireDocument } from "../document-operations.js";
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

export const objectLockConfiguration: WireDocument<"object-lock"> = {
  document: "object-lock",
  query: "object-lock",
  get: { name: "GetObjectLockConfiguration", action: "s3:GetBucketObjectLockConfiguration" },
  put: {
    name: "PutObjectLockConfiguration",
    action: "s3:PutBucketObjectLockConfiguration",
    maxBytes: 64 * 1024,
    digested: true,
  },
  read: parseConfiguration,
  write({ defaultRetention }) {
    if (!defaultRetention) return xmlResponse(document, { ObjectLockEnabled: "Enabled" });
    const { mode, days, years } = defaultRetention;
    const Rule = { DefaultRetention: { Mode: mode, Days: days, Years: years } };
    return xmlResponse(document, { ObjectLockEnabled: "Enabled", Rule });
  },
};
