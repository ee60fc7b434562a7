import { go, place } from "../lib/router.js";
import { XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { BucketCrumbs, Tabs } from "../ui/parts.js";
import { Cors } from "./settings-cors.js";
import { XmlDocument } from "./settings-document.js";
import { General } from "./settings-general.js";
import { Lifecycle } from "./settings-lifecycle.js";
import { Notifications } from "./settings-notifications.js";
import { Policy } from "./settings-policy.js";
import type { SettingsProps } from "./settings-section.js";
import { Website } from "./settings-website.js";

const TABS = [
  ["general", t.general],
  ["lifecycle", t.lifecycle],
  ["policy", t.policy],
  ["cors", "CORS"],
  ["website", t.website],
  ["notification", t.notifications],
  ["logging", t.accessLog],
] as const;
type Tab = (typeof TABS)[number][0];

const loggingExample = (bucket: string) => `<BucketLoggingStatus ${XMLNS}>
  <LoggingEnabled>
    <TargetBucket>${bucket}</TargetBucket>
    <TargetPrefix>logs/</TargetPrefix>
  </LoggingEnabled>
</BucketLoggingStatus>`;

export function BucketSettings({ s3, bucket }: SettingsProps) {
  const wanted = place.value.query.get("tab");
  const tab: Tab = TABS.find(([each]) => each === wanted)?.[0] ?? "general";
  return (
    <div class="page">
      <BucketCrumbs bucket={bucket} />
      <h1>{t.settings}</h1>
      <Tabs
        label={t.settings}
        tabs={TABS}
        chosen={tab}
        onChoose={(next) => go(["buckets", bucket, "settings"], { tab: next })}
      />
      {tab === "general" && <General s3={s3} bucket={bucket} />}
      {tab === "lifecycle" && <Lifecycle s3={s3} bucket={bucket} />}
      {tab === "policy" && <Policy s3={s3} bucket={bucket} />}
      {tab === "cors" && <Cors s3={s3} bucket={bucket} />}
      {tab === "website" && <Website s3={s3} bucket={bucket} />}
      {tab === "notification" && <Notifications s3={s3} bucket={bucket} />}
      {tab === "logging" && (
        <XmlDocument
          s3={s3}
          bucket={bucket}
          name="logging"
          title={t.accessLog}
          hint={t.loggingHint}
          example={loggingExample}
        />
      )}
    </div>
  );
}
