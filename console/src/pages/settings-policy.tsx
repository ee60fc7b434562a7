import { useSignal } from "@preact/signals";
import { checkPolicy } from "../lib/policy-check.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { Act, Notice, saved } from "../ui/parts.js";
import { Section, type SettingsProps } from "./settings-section.js";

const POLICIES: readonly (readonly [string, (bucket: string) => object])[] = [
  [
    t.everyoneReads,
    (bucket) => ({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` }],
    }),
  ],
  [
    t.onlyTls,
    (bucket) => ({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    }),
  ],
];

export function Policy({ s3, bucket }: SettingsProps) {
  const at = { bucket, query: { policy: "" } };
  const text = useSignal("");
  const { value, failure, again } = useLoad(async () => {
    const found = await s3.document(at);
    text.value = found === undefined ? "" : pretty(found);
    return { set: found !== undefined };
  }, [bucket]);
  const faults = text.value.trim() === "" ? [] : checkPolicy(text.value, bucket);
  const save = async () => {
    await s3.putDocument(at, text.value);
    await saved(again);
  };
  const remove = async () => {
    await s3.removeDocument(at);
    await saved(again);
  };
  return (
    <Section title={t.policy} hint={t.policyHint}>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      <div class="row">
        {POLICIES.map(([name, make]) => (
          <button key={name} onClick={() => (text.value = JSON.stringify(make(bucket), undefined, 2))}>
            {name}
          </button>
        ))}
      </div>
      <textarea
        aria-label={t.policy}
        spellcheck={false}
        rows={16}
        value={text.value}
        placeholder={t.noPolicy}
        aria-invalid={faults.length > 0}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      {faults.length > 0 && (
        <Notice tone="warn">
          <ul style={{ margin: 0, paddingLeft: "18px" }}>
            {faults.slice(0, 8).map((fault) => (
              <li key={fault.text}>
                {fault.line !== undefined && `${t.line(fault.line)}: `}
                {fault.text}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <div class="row">
        <Act class="primary" disabled={text.value.trim() === "" || faults.length > 0} run={save}>
          {t.save}
        </Act>
        {value.value?.set === true && (
          <Act class="danger" run={remove}>
            {t.removePolicy}
          </Act>
        )}
      </div>
    </Section>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
