import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { parseXml } from "../lib/xml.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Act, Field, Loading, Notice, saved, told } from "../ui/parts.js";
import { XmlDocument } from "./settings-document.js";
import { Section, type SettingsProps } from "./settings-section.js";

/** What is wrong with a rule, by its field. */
export type Faults<Rule> = Partial<Record<keyof Rule, string>>;

/** A document of rules, as a form has it. */
export interface RuleForm<Rule extends object> {
  /** The document's name in S3's queries. */
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  /** Undefined where the document has what the form does not show. */
  readonly read: (root: Element | undefined) => Rule[] | undefined;
  readonly write: (rules: readonly Rule[]) => string;
  /** Whether S3 has a DELETE of it; others are emptied. */
  readonly removable: boolean;
  readonly fresh: Rule;
  readonly faultsOf: (rule: Rule) => Faults<Rule>;
  /** The fields of a rule. */
  readonly fields: (at: RuleFields<Rule>) => ComponentChildren;
}

export interface RuleFields<Rule> {
  readonly rule: Rule;
  readonly change: (more: Partial<Rule>) => void;
  /** What is to be shown as wrong with a field now. */
  readonly fault: (name: keyof Rule) => string | undefined;
}

/** Rules in a form, or as the XML that S3 has. What is wrong is told at the field; what the gateway refuses, below. */
export function Rules<Rule extends object>({ s3, bucket, form }: SettingsProps & { form: RuleForm<Rule> }) {
  const at = { bucket, query: { [form.name]: "" } };
  const box = useRef<HTMLDivElement>(null);
  const rules = useSignal<readonly Rule[]>([]);
  const [asXml, tried, refused] = [useSignal(false), useSignal(false), useSignal("")];
  const { value, failure, again } = useLoad(async () => {
    const text = await s3.document(at);
    const found = form.read(text === undefined ? undefined : parseXml(text));
    rules.value = found ?? [];
    tried.value = false;
    if (!found) asXml.value = true;
    return { shows: found !== undefined };
  }, [bucket, form]);
  const save = async () => {
    tried.value = true;
    const wrong = rules.value.findIndex((rule) => Object.keys(form.faultsOf(rule)).length > 0);
    if (wrong >= 0) {
      box.current?.querySelectorAll("fieldset.rule")[wrong]?.querySelector<HTMLElement>("input, select")?.focus();
      return;
    }
    const isSaved = await told(refused, () =>
      rules.value.length === 0 && form.removable ? s3.removeDocument(at) : s3.putDocument(at, form.write(rules.value)),
    );
    if (isSaved) await saved(again);
  };
  if (failure.value !== "") return <Notice tone="bad">{failure.value}</Notice>;
  if (!value.value) return <Loading />;
  if (asXml.value) {
    const back = async () => {
      await again();
      asXml.value = value.value?.shows !== true;
    };
    return (
      <>
        <XmlDocument
          s3={s3}
          bucket={bucket}
          name={form.name}
          title={form.title}
          hint={value.value.shows ? form.hint : t.rulesXml}
          example={() => form.write([form.fresh])}
          removable={form.removable}
        />
        <div class="row">
          <Act run={back}>{t.editForm}</Act>
        </div>
      </>
    );
  }
  return (
    <Section title={form.title} hint={form.hint}>
      <div class="stack" ref={box}>
        {rules.value.map((rule, index) => {
          const faults = form.faultsOf(rule);
          const untouched = (name: keyof Rule) => String(rule[name]) === "";
          return (
            <fieldset class="rule" key={index}>
              <legend class="visually-hidden">{t.rule(index + 1)}</legend>
              {form.fields({
                rule,
                change: (more) =>
                  (rules.value = rules.value.map((each, n) => (n === index ? { ...each, ...more } : each))),
                // What is still to be written is no fault before it is to be saved.
                fault: (name) => (tried.value || !untouched(name) ? faults[name] : undefined),
              })}
              <button
                class="plain"
                aria-label={t.removeRule(index + 1)}
                onClick={() => (rules.value = rules.value.filter((_, each) => each !== index))}
              >
                <Icon name="close" />
              </button>
            </fieldset>
          );
        })}
      </div>
      {rules.value.length === 0 && <p class="muted">{t.noRules}</p>}
      {refused.value !== "" && <Notice tone="bad">{refused.value}</Notice>}
      <div class="row">
        <button onClick={() => (rules.value = [...rules.value, form.fresh])}>
          <Icon name="plus" />
          {t.addRule}
        </button>
        <Act class="primary" run={save}>
          {t.save}
        </Act>
        <button class="link" onClick={() => (asXml.value = true)}>
          {t.editXml}
        </button>
      </div>
    </Section>
  );
}

type TextNames<Rule> = { [Name in keyof Rule]: Rule[Name] extends string ? Name : never }[keyof Rule];

/** A field of text in a rule. */
export function RuleText<Rule extends object>(props: {
  at: RuleFields<Rule>;
  name: TextNames<Rule> & string;
  label: string;
  hint?: string;
  placeholder?: string;
  /** `count`: a whole number. `several`: a list. */
  size?: "count" | "text" | "several";
}) {
  const { at, name, label, hint, placeholder, size = "text" } = props;
  const fault = at.fault(name);
  return (
    <Field label={label} {...(hint !== undefined && { hint })} {...(fault !== undefined && { fault })}>
      <input
        {...(size === "count" && { inputMode: "numeric" })}
        {...(placeholder !== undefined && { placeholder })}
        class={size}
        aria-invalid={fault !== undefined}
        value={String(at.rule[name])}
        onInput={(event) => at.change({ [name]: event.currentTarget.value } as unknown as Partial<Rule>)}
      />
    </Field>
  );
}

interface Choice {
  readonly value: string;
  readonly label: string;
  /** Chosen already by this one. */
  readonly within?: string;
}

/** Which of some a rule is about. */
export function RuleChoices<Rule extends object>(props: {
  at: RuleFields<Rule>;
  name: { [Name in keyof Rule]: Rule[Name] extends readonly string[] ? Name : never }[keyof Rule] & string;
  label: string;
  choices: readonly Choice[];
}) {
  const { at, name, label, choices } = props;
  const fault = at.fault(name);
  const chosen = at.rule[name] as unknown as readonly string[];
  const set = (value: string, isChosen: boolean) => {
    // What a group has in it goes with the group.
    const inside = new Set(choices.flatMap((each) => (each.within === value ? [each.value] : [])));
    const rest = chosen.filter((each) => each !== value && !(isChosen && inside.has(each)));
    at.change({ [name]: isChosen ? [...rest, value] : rest } as unknown as Partial<Rule>);
  };
  return (
    <fieldset class="choices" aria-invalid={fault !== undefined}>
      <legend>{label}</legend>
      {choices.map(({ value, label: text, within }) => {
        const isWithin = within !== undefined && chosen.includes(within);
        return (
          <label key={value} class={within === undefined ? "check" : "check inside"}>
            <input
              type="checkbox"
              checked={isWithin || chosen.includes(value)}
              disabled={isWithin}
              onChange={(event) => set(value, event.currentTarget.checked)}
            />
            {text}
          </label>
        );
      })}
      {fault !== undefined && <span class="fault">{fault}</span>}
    </fieldset>
  );
}

/** Whether a text is a whole number from `least` on; an empty one is none that is asked for. */
export const isCount = (text: string, least: number): boolean =>
  text === "" || (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= 2_147_483_647);
