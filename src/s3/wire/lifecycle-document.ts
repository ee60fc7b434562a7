import { randomBytes } from "node:crypto";
import type { BucketLifecycleConfiguration, LifecycleRule as WireRule, LifecycleRuleFilter } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import type { Expiration, LifecycleFilter, LifecycleRule } from "../../model/lifecycle.js";
import { requireTags, TAG_LIMITS, type Tag } from "../../model/tag.js";
import { isHeaderValue } from "./headers.js";
import { readTransitions, requireOrder, writeTransitions } from "./lifecycle-transitions.js";
import { readXml } from "./xml-reader.js";
import type { XmlDocument, XmlField } from "./xml-schema.js";
import { defined } from "../../model/defined.js";

/** AWS's limits. */
const MAX_RULES = 1000;
const MAX_ID = 255;
const MAX_KEPT = 100;

const string = (element: string): XmlField => ({ element, type: "string" });
const integer = (element: string): XmlField => ({ element, type: "integer" });
const tag: readonly XmlField[] = [
  { element: "Key", type: "string", required: true },
  { element: "Value", type: "string", required: true },
];
const sizes = [integer("ObjectSizeGreaterThan"), integer("ObjectSizeLessThan")];

export const lifecycleDocument: XmlDocument<BucketLifecycleConfiguration> = {
  root: "LifecycleConfiguration",
  fields: [
    {
      element: "Rule",
      member: "Rules",
      list: true,
      required: true,
      type: [
        string("ID"),
        string("Prefix"),
        {
          element: "Filter",
          type: [
            string("Prefix"),
            { element: "Tag", type: tag },
            ...sizes,
            {
              element: "And",
              type: [string("Prefix"), { element: "Tag", member: "Tags", list: true, type: tag }, ...sizes],
            },
          ],
        },
        string("Status"),
        {
          element: "Transition",
          member: "Transitions",
          list: true,
          type: [{ element: "Date", type: "timestamp" }, integer("Days"), string("StorageClass")],
        },
        {
          element: "Expiration",
          type: [
            { element: "Date", type: "timestamp" },
            integer("Days"),
            { element: "ExpiredObjectDeleteMarker", type: "boolean" },
          ],
        },
        {
          element: "NoncurrentVersionTransition",
          member: "NoncurrentVersionTransitions",
          list: true,
          type: [integer("NoncurrentDays"), string("StorageClass"), integer("NewerNoncurrentVersions")],
        },
        {
          element: "NoncurrentVersionExpiration",
          type: [integer("NoncurrentDays"), integer("NewerNoncurrentVersions")],
        },
        { element: "AbortIncompleteMultipartUpload", type: [integer("DaysAfterInitiation")] },
      ],
    },
  ],
};

const malformed = () => new S3Error("MalformedXML");
const invalid = (message: string) => new S3Error("InvalidArgument", { message });

/** The rules of a document. MalformedXML, InvalidArgument, InvalidRequest. */
export function readLifecycle(text: string): LifecycleRule[] {
  const { Rules = [] } = readXml(text, lifecycleDocument);
  if (Rules.length > MAX_RULES) throw malformed();
  const rules = Rules.map(readRule);
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw invalid("Rule ID must be unique. Found same ID for more than one rule");
  return rules;
}

function readRule(rule: WireRule): LifecycleRule {
  const { ID = "", Status } = rule;
  if (ID.length > MAX_ID) throw invalid(`ID length should not exceed allowed limit of ${MAX_ID}`);
  // Answers about uploads name the rule in a header.
  if (!isHeaderValue(ID)) throw invalid("Rule ID must not contain line breaks or other control characters");
  if (Status !== "Enabled" && Status !== "Disabled") throw malformed();
  const filter = readFilter(rule);
  const read = {
    ...expirationOf(rule),
    ...noncurrentOf(rule),
    ...abortOf(rule),
    ...readTransitions(rule),
  };
  requireOrder(read);
  if (Object.keys(read).length === 0)
    throw new S3Error("InvalidRequest", { message: "At least one action needs to be specified in a rule" });
  const ofTags = filter.tags !== undefined && filter.tags.length > 0;
  if (ofTags && read.abortUploadsAfterDays !== undefined)
    throw new S3Error("InvalidRequest", { message: "AbortIncompleteMultipartUpload cannot be specified with Tags." });
  if (ofTags && read.expiration && "deleteMarkers" in read.expiration) {
    throw new S3Error("InvalidRequest", { message: "ExpiredObjectDeleteMarker cannot be specified with Tags." });
  }
  return { id: ID === "" ? randomBytes(24).toString("base64url") : ID, enabled: Status === "Enabled", filter, ...read };
}

function readFilter({ Filter, ...rule }: WireRule): LifecycleFilter {
  // The element is deprecated, but clients still send it and AWS still accepts it.
  const { Prefix } = rule as { readonly Prefix?: string };
  if ((Filter === undefined) === (Prefix === undefined)) throw malformed();
  if (!Filter) return { form: "prefix", ...(Prefix ? { prefix: Prefix } : {}) };
  const { And, Tag: one, ...single } = Filter;
  const conditions = [And, one, ...Object.values(single)].filter((condition) => condition !== undefined);
  if (conditions.length > 1) throw malformed();
  if (!And) return { form: "filter", ...conditionsOf({ ...single, ...(one ? { Tags: [one] } : {}) }) };
  const filter: LifecycleFilter = { form: "and", ...conditionsOf(And) };
  if (filter.sizeOver !== undefined && filter.sizeUnder !== undefined && filter.sizeOver >= filter.sizeUnder) {
    throw new S3Error("InvalidRequest", {
      message: "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    });
  }
  return filter;
}

/** The largest size, in bytes, that a rule can name: that of S3's largest object. */
const MAX_SIZE = 5 * 1024 ** 4;

function requireSizes(over: number, under: number): void {
  if (over >= 0 && over <= MAX_SIZE && under >= 1 && under <= MAX_SIZE + 1) return;
  throw new S3Error("InvalidRequest", {
    message: "'ObjectSizeGreaterThan' begins at 0 and 'ObjectSizeLessThan' at 1; neither is beyond the largest object.",
  });
}

function conditionsOf({
  Prefix,
  Tags = [],
  ObjectSizeGreaterThan,
  ObjectSizeLessThan,
}: NonNullable<LifecycleRuleFilter["And"]>): Omit<LifecycleFilter, "form"> {
  const tags: Tag[] = Tags.map(({ Key = "", Value = "" }) => ({ key: Key, value: Value }));
  requireTags(tags, TAG_LIMITS.bucket);
  requireSizes(ObjectSizeGreaterThan ?? 0, ObjectSizeLessThan ?? 1);
  return defined({
    prefix: Prefix,
    tags: tags.length === 0 ? undefined : tags,
    sizeOver: ObjectSizeGreaterThan,
    sizeUnder: ObjectSizeLessThan,
  });
}

function expirationOf({ Expiration: wire }: WireRule): { readonly expiration?: Expiration } {
  if (!wire) return {};
  const { Days, Date: date, ExpiredObjectDeleteMarker } = wire;
  if ([Days, date, ExpiredObjectDeleteMarker].filter((each) => each !== undefined).length !== 1) throw malformed();
  if (Days !== undefined)
    return { expiration: { days: positive(Days, "'Days' for Expiration action must be a positive integer") } };
  if (!date) return { expiration: { deleteMarkers: ExpiredObjectDeleteMarker === true } };
  if (date.getTime() % 86_400_000 !== 0) throw invalid("'Date' must be at midnight GMT");
  return { expiration: { date: date.getTime() } };
}

function noncurrentOf({ NoncurrentVersionExpiration: wire }: WireRule): Pick<LifecycleRule, "noncurrent"> {
  if (!wire) return {};
  const { NoncurrentDays, NewerNoncurrentVersions: keep } = wire;
  if (NoncurrentDays === undefined) throw malformed();
  const days = positive(
    NoncurrentDays,
    "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
  );
  if (keep !== undefined && (keep < 1 || keep > MAX_KEPT))
    throw invalid(`'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be between 1 and ${MAX_KEPT}`);
  return { noncurrent: defined({ days, keep }) };
}

function abortOf({ AbortIncompleteMultipartUpload: wire }: WireRule): Pick<LifecycleRule, "abortUploadsAfterDays"> {
  if (!wire) return {};
  return {
    abortUploadsAfterDays: positive(
      wire.DaysAfterInitiation ?? 0,
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    ),
  };
}

function positive(days: number, message: string): number {
  if (days < 1 || days > 2_147_483_647) throw invalid(message);
  return days;
}

/** The rules as a document, in the form in which the owner wrote them. */
export function writeLifecycle(rules: readonly LifecycleRule[]): BucketLifecycleConfiguration {
  return { Rules: rules.map(writeRule) };
}

function writeRule(rule: LifecycleRule): WireRule {
  const { id, enabled, filter, expiration, noncurrent, abortUploadsAfterDays } = rule;
  const scope: object = filter.form === "prefix" ? { Prefix: filter.prefix ?? "" } : { Filter: writeFilter(filter) };
  return {
    ID: id,
    Status: enabled ? "Enabled" : "Disabled",
    ...scope,
    ...(expiration ? { Expiration: writeExpiration(expiration) } : {}),
    ...writeTransitions(rule),
    ...(noncurrent
      ? { NoncurrentVersionExpiration: { NoncurrentDays: noncurrent.days, NewerNoncurrentVersions: noncurrent.keep } }
      : {}),
    ...(abortUploadsAfterDays === undefined
      ? {}
      : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortUploadsAfterDays } }),
  };
}

function writeFilter({ form, prefix, tags = [], sizeOver, sizeUnder }: LifecycleFilter): LifecycleRuleFilter {
  const Tags = tags.map(({ key, value }) => ({ Key: key, Value: value }));
  const conditions = { Prefix: prefix, ObjectSizeGreaterThan: sizeOver, ObjectSizeLessThan: sizeUnder };
  return form === "and" ? { And: { ...conditions, Tags } } : { ...conditions, Tag: Tags[0] };
}

function writeExpiration(expiration: Expiration): NonNullable<WireRule["Expiration"]> {
  if ("days" in expiration) return { Days: expiration.days };
  return "date" in expiration
    ? { Date: new Date(expiration.date) }
    : { ExpiredObjectDeleteMarker: expiration.deleteMarkers };
}
