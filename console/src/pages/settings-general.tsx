import { useSignal } from "@preact/signals";
import { go } from "../lib/router.js";
import { parseXml, textOf, XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Act, Confirm, Field, Loading, Name, Notice, saved, toast } from "../ui/parts.js";
import { Section, type SettingsProps } from "./settings-section.js";
import { BucketTags } from "./settings-tags.js";

export function General({ s3, bucket }: SettingsProps) {
  const deleting = useSignal(false);
  return (
    <div class="grid wide start">
      <Versioning s3={s3} bucket={bucket} />
      <Encryption s3={s3} bucket={bucket} />
      <ObjectLock s3={s3} bucket={bucket} />
      <BucketTags s3={s3} bucket={bucket} />
      <Section title={t.deleteBucket} hint={t.deleteBucketHint}>
        <div class="row">
          <button class="danger" onClick={() => (deleting.value = true)}>
            <Icon name="trash" />
            {t.deleteBucket}
          </button>
        </div>
        {deleting.value && (
          <Confirm
            title={t.deleteBucket}
            action={t.delete}
            onClose={() => (deleting.value = false)}
            onConfirm={async () => {
              await s3.ask({ method: "DELETE", bucket });
              toast(t.bucketDeleted);
              go(["buckets"]);
            }}
          >
            <p>
              <strong>
                <Name text={bucket} />
              </strong>
            </p>
          </Confirm>
        )}
      </Section>
    </div>
  );
}

function Versioning({ s3, bucket }: SettingsProps) {
  const { value, failure, again } = useLoad(
    () => s3.document({ bucket, query: { versioning: "" } }).then((text) => textOf(parseXml(text ?? ""), "Status")),
    [bucket],
  );
  const set = (status: string) => async () => {
    await s3.putDocument(
      { bucket, query: { versioning: "" } },
      `<VersioningConfiguration ${XMLNS}><Status>${status}</Status></VersioningConfiguration>`,
    );
    await saved(again);
  };
  const on = value.value === "Enabled";
  return (
    <Section title={t.versioning} hint={t.versioningHint}>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {value.value === undefined ? (
        failure.value === "" && <Loading />
      ) : (
        <div class="row">
          <span class={on ? "badge good" : "badge"}>{on ? t.on : value.value === "" ? t.off : t.suspended}</span>
          <Act run={set(on ? "Suspended" : "Enabled")}>{on ? t.suspend : t.turnOn}</Act>
        </div>
      )}
    </Section>
  );
}

function Encryption({ s3, bucket }: SettingsProps) {
  const { value, failure, again } = useLoad(
    () =>
      s3
        .document({ bucket, query: { encryption: "" } })
        .then((text) =>
          textOf(parseXml(text ?? "<None/>"), "Rule", "ApplyServerSideEncryptionByDefault", "SSEAlgorithm"),
        ),
    [bucket],
  );
  const set = async (algorithm: string) => {
    if (algorithm === "") await s3.removeDocument({ bucket, query: { encryption: "" } });
    else
      await s3.putDocument(
        { bucket, query: { encryption: "" } },
        `<ServerSideEncryptionConfiguration ${XMLNS}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
      );
    await saved(again);
  };
  return (
    <Section title={t.encryption} hint={t.encryptionHint}>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {value.value !== undefined && (
        <div class="row">
          <span class={value.value === "" ? "badge" : "badge good"}>
            {value.value === "" ? t.asGateway : value.value}
          </span>
          {value.value === "" ? (
            <Act run={() => set("AES256")}>{t.encryptAll}</Act>
          ) : (
            <Act run={() => set("")}>{t.leaveToGateway}</Act>
          )}
        </div>
      )}
    </Section>
  );
}

function ObjectLock({ s3, bucket }: SettingsProps) {
  const [mode, days] = [useSignal("GOVERNANCE"), useSignal("")];
  const { value, failure, again } = useLoad(async () => {
    const text = await s3.document({ bucket, query: { "object-lock": "" } });
    if (text === undefined) return false;
    const root = parseXml(text);
    mode.value = textOf(root, "Rule", "DefaultRetention", "Mode") || "GOVERNANCE";
    days.value = textOf(root, "Rule", "DefaultRetention", "Days");
    return true;
  }, [bucket]);
  const save = async () => {
    const rule =
      days.value === ""
        ? ""
        : `<Rule><DefaultRetention><Mode>${mode.value}</Mode><Days>${Number(days.value)}</Days></DefaultRetention></Rule>`;
    await s3.putDocument(
      { bucket, query: { "object-lock": "" } },
      `<ObjectLockConfiguration ${XMLNS}><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`,
    );
    await saved(again);
  };
  return (
    <Section title={t.lock} hint={t.lockHint}>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {value.value === false && <p class="muted">{t.lockAtCreation}</p>}
      {value.value === true && (
        <div class="row" style={{ alignItems: "end" }}>
          <Field label={t.mode}>
            <select value={mode.value} onChange={(event) => (mode.value = event.currentTarget.value)}>
              <option value="GOVERNANCE">{t.governance}</option>
              <option value="COMPLIANCE">{t.compliance}</option>
            </select>
          </Field>
          <Field label={t.defaultDays}>
            <input
              type="number"
              min="1"
              max="36500"
              value={days.value}
              onInput={(event) => (days.value = event.currentTarget.value)}
            />
          </Field>
          <Act class="primary" run={save}>
            {t.save}
          </Act>
        </div>
      )}
    </Section>
  );
}
