import { childrenOf, element, textOf, XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { isCount, Rules, RuleText, type RuleFields, type RuleForm } from "./settings-rules.js";
import type { SettingsProps } from "./settings-section.js";

interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  readonly expire: string;
  readonly old: string;
  readonly abort: string;
}

const ruleXml = ({ id, prefix, expire, old, abort }: LifecycleRule) => {
  const days = (action: string, name: string, text: string) =>
    text === "" ? "" : `<${action}>${element(name, text)}</${action}>`;
  return (
    `<Rule>${id === "" ? "" : element("ID", id)}<Filter>${element("Prefix", prefix)}</Filter><Status>Enabled</Status>` +
    days("Expiration", "Days", expire) +
    days("NoncurrentVersionExpiration", "NoncurrentDays", old) +
    days("AbortIncompleteMultipartUpload", "DaysAfterInitiation", abort) +
    "</Rule>"
  );
};

const SIMPLE = new Set([
  "ID",
  "Filter",
  "Status",
  "Expiration",
  "NoncurrentVersionExpiration",
  "AbortIncompleteMultipartUpload",
]);

const isSimple = (rule: Element) =>
  [...rule.children].every(({ localName }) => SIMPLE.has(localName)) &&
  [...(childrenOf(rule, "Filter")[0]?.children ?? [])].every(({ localName }) => localName === "Prefix") &&
  textOf(rule, "Status") === "Enabled" &&
  childrenOf(childrenOf(rule, "Expiration")[0], "Date").length === 0 &&
  textOf(rule, "Expiration", "ExpiredObjectDeleteMarker") === "" &&
  textOf(rule, "NoncurrentVersionExpiration", "NewerNoncurrentVersions") === "";

const dayFault = (text: string) => (isCount(text, 1) ? undefined : t.wholeNumber(1));

const form: RuleForm<LifecycleRule> = {
  name: "lifecycle",
  title: t.lifecycle,
  hint: t.lifecycleHint,
  removable: true,
  fresh: { id: "", prefix: "", expire: "", old: "", abort: "7" },
  read(root) {
    const rules = childrenOf(root, "Rule");
    if (!rules.every(isSimple)) return undefined;
    return rules.map((rule) => ({
      id: textOf(rule, "ID"),
      prefix: textOf(rule, "Filter", "Prefix"),
      expire: textOf(rule, "Expiration", "Days"),
      old: textOf(rule, "NoncurrentVersionExpiration", "NoncurrentDays"),
      abort: textOf(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
    }));
  },
  write: (rules) => `<LifecycleConfiguration ${XMLNS}>${rules.map(ruleXml).join("")}</LifecycleConfiguration>`,
  faultsOf({ expire, old, abort }) {
    const none = expire + old + abort === "" ? t.noDays : undefined;
    const [first, second, third] = [none ?? dayFault(expire), dayFault(old), dayFault(abort)];
    return {
      ...(first !== undefined && { expire: first }),
      ...(second !== undefined && { old: second }),
      ...(third !== undefined && { abort: third }),
    };
  },
  fields: (at: RuleFields<LifecycleRule>) => (
    <>
      <RuleText at={at} name="prefix" label={t.keysBeginWith} placeholder={t.allKeys} />
      <RuleText at={at} name="expire" label={t.deleteAfterDays} placeholder={t.never} size="count" />
      <RuleText at={at} name="old" label={t.oldVersionsAfterDays} placeholder={t.never} size="count" />
      <RuleText at={at} name="abort" label={t.openUploadsAfterDays} placeholder={t.never} size="count" />
    </>
  ),
};

/** What happens by itself as objects grow old. */
export const Lifecycle = (props: SettingsProps) => <Rules {...props} form={form} />;
