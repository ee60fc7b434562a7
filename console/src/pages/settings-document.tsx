import { useSignal } from "@preact/signals";
import { xmlFault } from "../lib/xml.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { Act, Notice, saved } from "../ui/parts.js";
import { Section, type SettingsProps } from "./settings-section.js";

interface XmlProps extends SettingsProps {
  name: string;
  title: string;
  hint: string;
  example: (bucket: string) => string;
  /** Whether S3 has a DELETE of it; others are emptied. */
  removable?: boolean;
}

/** A document as S3 has it, checked for what any XML must be; the gateway says what else is wrong. */
export function XmlDocument({ s3, bucket, name, title, hint, example, removable = false }: XmlProps) {
  const at = { bucket, query: { [name]: "" } };
  const text = useSignal("");
  const { value, failure, again } = useLoad(async () => {
    const found = await s3.document(at);
    text.value = found === undefined ? "" : indent(found);
    return { set: found !== undefined };
  }, [bucket, name]);
  const fault = text.value.trim() === "" ? undefined : xmlFault(text.value);
  return (
    <Section title={title} hint={hint}>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      <div class="row">
        <button onClick={() => (text.value = example(bucket))}>{t.example}</button>
      </div>
      <textarea
        aria-label={title}
        spellcheck={false}
        rows={16}
        value={text.value}
        aria-invalid={fault !== undefined}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      {fault !== undefined && <Notice tone="warn">{fault}</Notice>}
      <div class="row">
        <Act
          class="primary"
          disabled={text.value.trim() === "" || fault !== undefined}
          run={async () => {
            await s3.putDocument(at, text.value);
            await saved(again);
          }}
        >
          {t.save}
        </Act>
        {removable && value.value?.set === true && (
          <Act
            class="danger"
            run={async () => {
              await s3.removeDocument(at);
              await saved(again);
            }}
          >
            {t.remove}
          </Act>
        )}
      </div>
    </Section>
  );
}

/** One element a line, so that people can read it. */
function indent(xml: string): string {
  let depth = 0;
  return xml
    .replace(/<\?xml[^>]*\?>\s*/, "")
    .replace(/>\s*</g, ">\n<")
    .split("\n")
    .map((line) => {
      if (line.startsWith("</")) depth--;
      const shown = `${"  ".repeat(Math.max(0, depth))}${line}`;
      if (/^<[^/!?][^>]*[^/]>$/.test(line) || /^<[a-z]+>$/i.test(line)) depth++;
      return shown;
    })
    .join("\n");
}
