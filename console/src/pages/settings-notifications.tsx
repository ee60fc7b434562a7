import type { EventGroup, EventName } from "../../../src/model/notification.js";
import { childrenOf, element, textOf, XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { RuleChoices, Rules, RuleText, type RuleFields, type RuleForm } from "./settings-rules.js";
import type { SettingsProps } from "./settings-section.js";

interface EventRule {
  readonly id: string;
  readonly webhook: string;
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

const GROUPS: Readonly<Record<EventName | EventGroup, EventGroup | undefined>> = {
  "s3:ObjectCreated:*": undefined,
  "s3:ObjectCreated:Put": "s3:ObjectCreated:*",
  "s3:ObjectCreated:Post": "s3:ObjectCreated:*",
  "s3:ObjectCreated:Copy": "s3:ObjectCreated:*",
  "s3:ObjectCreated:CompleteMultipartUpload": "s3:ObjectCreated:*",
  "s3:ObjectRemoved:*": undefined,
  "s3:ObjectRemoved:Delete": "s3:ObjectRemoved:*",
  "s3:ObjectRemoved:DeleteMarkerCreated": "s3:ObjectRemoved:*",
  "s3:LifecycleExpiration:*": undefined,
  "s3:LifecycleExpiration:Delete": "s3:LifecycleExpiration:*",
  "s3:LifecycleExpiration:DeleteMarkerCreated": "s3:LifecycleExpiration:*",
  "cess:ObjectStored": undefined,
};

const EVENTS = Object.entries(GROUPS).map(([value, within]) => ({
  value,
  label: t.events[value as EventName | EventGroup],
  ...(within !== undefined && { within }),
}));

const arn = (webhook: string) => `arn:cess:sqs::${webhook}:webhook`;
const ARN = /^arn:cess:sqs::(.*):webhook$/s;

/** S3's limit for a prefix or suffix, in bytes. */
const MAX_AFFIX = 1024;
const isLong = (affix: string) => new TextEncoder().encode(affix).length > MAX_AFFIX;

function ruleXml({ id, webhook, events, prefix, suffix }: EventRule): string {
  const filter = (name: string, value: string) =>
    value === "" ? "" : `<FilterRule>${element("Name", name)}${element("Value", value)}</FilterRule>`;
  const filters = filter("prefix", prefix) + filter("suffix", suffix);
  return (
    `<QueueConfiguration>${id === "" ? "" : element("Id", id)}${element("Queue", arn(webhook))}` +
    events.map((event) => element("Event", event)).join("") +
    `${filters === "" ? "" : `<Filter><S3Key>${filters}</S3Key></Filter>`}</QueueConfiguration>`
  );
}

function readRule(rule: Element): EventRule {
  const filters = childrenOf(childrenOf(childrenOf(rule, "Filter")[0], "S3Key")[0], "FilterRule");
  const affix = (name: string) =>
    textOf(
      filters.find((each) => textOf(each, "Name").toLowerCase() === name),
      "Value",
    );
  return {
    id: textOf(rule, "Id"),
    webhook: ARN.exec(textOf(rule, "Queue"))?.[1] ?? "",
    events: childrenOf(rule, "Event").map(({ textContent }) => textContent),
    prefix: affix("prefix"),
    suffix: affix("suffix"),
  };
}

const form: RuleForm<EventRule> = {
  name: "notification",
  title: t.notifications,
  hint: t.notificationHint,
  removable: false,
  fresh: { id: "", webhook: "", events: ["s3:ObjectCreated:*"], prefix: "", suffix: "" },
  read: (root) =>
    [...(root?.children ?? [])].every(({ localName }) => localName === "QueueConfiguration")
      ? childrenOf(root, "QueueConfiguration").map(readRule)
      : undefined,
  write: (rules) => `<NotificationConfiguration ${XMLNS}>${rules.map(ruleXml).join("")}</NotificationConfiguration>`,
  faultsOf: ({ webhook, events, prefix, suffix }) => ({
    ...(!/^[a-z0-9-]{1,64}$/.test(webhook) && { webhook: t.eventFaults.webhook }),
    ...(events.length === 0 && { events: t.eventFaults.noEvent }),
    ...(isLong(prefix) && { prefix: t.eventFaults.long(MAX_AFFIX) }),
    ...(isLong(suffix) && { suffix: t.eventFaults.long(MAX_AFFIX) }),
  }),
  fields: (at: RuleFields<EventRule>) => (
    <>
      <RuleText at={at} name="webhook" label={t.webhook} hint={t.webhookHint} />
      <RuleText at={at} name="prefix" label={t.keysBeginWith} placeholder={t.allKeys} />
      <RuleText at={at} name="suffix" label={t.keysEndWith} placeholder={t.allKeys} />
      <RuleChoices at={at} name="events" label={t.eventsOf} choices={EVENTS} />
    </>
  ),
};

/** Which events go to which of the operator's webhooks. */
export const Notifications = (props: SettingsProps) => <Rules {...props} form={form} />;
