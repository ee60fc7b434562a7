import type { NotificationConfiguration as WireConfiguration } from "@aws-sdk/client-s3";
import { randomUUID } from "node:crypto";
import { S3Error } from "../../gateway/s3-error.js";
import {
  eventGroups,
  eventNames,
  overlap,
  type NotificationConfiguration,
  type NotificationRule,
} from "../../model/notification.js";
import { readXml } from "./xml-reader.js";
import type { XmlDocument, XmlField } from "./xml-schema.js";

const MAX_RULES = 100;
/** S3's limit for a prefix or suffix, in bytes. */
const MAX_AFFIX = 1024;
const ARN = /^arn:cess:sqs::([a-z0-9-]{1,64}):webhook$/;

const destination = (element: string, member: string, arn: string): XmlField => ({
  element,
  member,
  list: true,
  type: [
    { element: "Id", type: "string" },
    { element: arn, member: "Arn", type: "string", required: true },
    { element: "Event", member: "Events", list: true, required: true, type: "string" },
    {
      element: "Filter",
      type: [
        {
          element: "S3Key",
          type: [
            {
              element: "FilterRule",
              member: "FilterRules",
              list: true,
              type: [
                { element: "Name", type: "string", required: true },
                { element: "Value", type: "string", required: true },
              ],
            },
          ],
        },
      ],
    },
  ],
});

interface WireRule {
  readonly Id?: string;
  readonly Arn: string;
  readonly Events: readonly string[];
  readonly Filter?: {
    readonly S3Key?: { readonly FilterRules?: readonly { readonly Name: string; readonly Value: string }[] };
  };
}

interface WireDocument {
  readonly Topics?: readonly WireRule[];
  readonly Queues?: readonly WireRule[];
  readonly Functions?: readonly WireRule[];
  readonly EventBridgeConfiguration?: WireConfiguration["EventBridgeConfiguration"];
}

/** AWS's document, of which only queues are offered: each stands for a webhook. */
const notificationDocument: XmlDocument<WireDocument> = {
  root: "NotificationConfiguration",
  fields: [
    destination("TopicConfiguration", "Topics", "Topic"),
    destination("QueueConfiguration", "Queues", "Queue"),
    destination("CloudFunctionConfiguration", "Functions", "CloudFunction"),
    { element: "EventBridgeConfiguration", type: [] },
  ],
};

export const writtenDocument: XmlDocument<object> = notificationDocument;

const invalid = (message: string, name: string, value: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: name, ArgumentValue: value.slice(0, 200) } });

/** MalformedXML, InvalidArgument, NotImplemented. That the webhooks exist is checked by the gateway. */
export function readNotifications(document: string): NotificationConfiguration {
  const {
    Topics = [],
    Queues = [],
    Functions = [],
    EventBridgeConfiguration,
  } = readXml(document, notificationDocument);
  if (EventBridgeConfiguration)
    throw new S3Error("NotImplemented", { message: "Events are delivered to webhooks alone, as QueueConfiguration." });
  if (Topics.length + Functions.length > 0)
    throw invalid(
      "Unable to validate the following destination configurations",
      "TopicConfiguration, CloudFunctionConfiguration",
      "Only queues with an ARN as arn:cess:sqs::NAME:webhook are served",
    );
  if (Queues.length > MAX_RULES) throw invalid("Too many configurations.", "QueueConfiguration", String(Queues.length));
  const rules = Queues.map(readRule);
  rules.forEach((rule, place) => {
    for (const other of rules.slice(place + 1)) {
      if (rule.id === other.id) throw invalid("Duplicate configuration id", "Id", rule.id);
      if (overlap(rule, other))
        throw invalid(
          "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
          "Event",
          rule.events.join(", "),
        );
    }
  });
  return { rules };
}

function readRule({ Id, Arn, Events, Filter }: WireRule): NotificationRule {
  const webhook = ARN.exec(Arn)?.[1];
  if (webhook === undefined)
    throw invalid("The ARN is not well formed: a webhook's is arn:cess:sqs::NAME:webhook", "Queue", Arn);
  if ((Id ?? "").length > 255) throw invalid("The ID is longer than 255 characters", "Id", Id ?? "");
  const known = [...eventNames, ...eventGroups];
  const events = Events.map((text) => {
    const event = known.find((each) => each === text);
    if (!event) throw invalid("The event is not supported for notifications", "Event", text);
    return event;
  });
  return { id: Id ?? randomUUID(), webhook, events, ...readFilter(Filter?.S3Key?.FilterRules ?? []) };
}

function readFilter(
  rules: readonly { readonly Name: string; readonly Value: string }[],
): Pick<NotificationRule, "prefix" | "suffix"> {
  const found: { prefix?: string; suffix?: string } = {};
  for (const { Name, Value } of rules) {
    const name = Name.toLowerCase();
    if (name !== "prefix" && name !== "suffix")
      throw invalid("filter rule name must be either prefix or suffix", "FilterRule.Name", Name);
    if (found[name] !== undefined)
      throw invalid(
        "Cannot specify more than one prefix rule and one suffix rule in a filter.",
        "FilterRule.Name",
        Name,
      );
    if (Buffer.byteLength(Value) > MAX_AFFIX)
      throw invalid("Size of filter rule value cannot exceed 1024 bytes in UTF-8", "FilterRule.Value", Value);
    found[name] = Value;
  }
  return found;
}

export function writeNotifications({ rules }: NotificationConfiguration): object {
  return {
    Queues: rules.map(({ id, webhook, events, prefix, suffix }) => {
      const FilterRules = [
        ...(prefix === undefined ? [] : [{ Name: "prefix", Value: prefix }]),
        ...(suffix === undefined ? [] : [{ Name: "suffix", Value: suffix }]),
      ];
      return {
        Id: id,
        Arn: `arn:cess:sqs::${webhook}:webhook`,
        Events: events,
        ...(FilterRules.length === 0 ? {} : { Filter: { S3Key: { FilterRules } } }),
      };
    }),
  };
}
