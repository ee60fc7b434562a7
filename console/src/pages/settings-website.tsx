import { useSignal } from "@preact/signals";
import { escapeXml, parseXml, textOf, XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { Act, Field, Notice, saved } from "../ui/parts.js";
import { Section, type SettingsProps } from "./settings-section.js";

export function Website({ s3, bucket }: SettingsProps) {
  const at = { bucket, query: { website: "" } };
  const [index, error] = [useSignal("index.html"), useSignal("")];
  const { value, failure, again } = useLoad(async () => {
    const text = await s3.document(at);
    if (text === undefined) return { set: false };
    const root = parseXml(text);
    index.value = textOf(root, "IndexDocument", "Suffix");
    error.value = textOf(root, "ErrorDocument", "Key");
    return { set: true };
  }, [bucket]);
  const save = async () => {
    const fault = error.value === "" ? "" : `<ErrorDocument><Key>${escapeXml(error.value)}</Key></ErrorDocument>`;
    await s3.putDocument(
      at,
      `<WebsiteConfiguration ${XMLNS}><IndexDocument><Suffix>${escapeXml(index.value)}</Suffix></IndexDocument>${fault}</WebsiteConfiguration>`,
    );
    await saved(again);
  };
  const remove = async () => {
    await s3.removeDocument(at);
    await saved(again);
  };
  return (
    <Section title={t.website} hint={t.websiteHint}>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {value.value && (
        <>
          <div class="row" style={{ alignItems: "end" }}>
            <Field label={t.indexDocument}>
              <input value={index.value} onInput={(event) => (index.value = event.currentTarget.value)} />
            </Field>
            <Field label={t.errorDocument}>
              <input
                value={error.value}
                placeholder="404.html"
                onInput={(event) => (error.value = event.currentTarget.value)}
              />
            </Field>
          </div>
          <div class="row">
            <Act class="primary" disabled={index.value === ""} run={save}>
              {value.value.set ? t.save : t.turnOn}
            </Act>
            {value.value.set && (
              <Act class="danger" run={remove}>
                {t.turnOff}
              </Act>
            )}
          </div>
        </>
      )}
    </Section>
  );
}
