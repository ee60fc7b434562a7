import { useSignal } from "@preact/signals";
import type { Pairs } from "../lib/pairs.js";
import { t } from "../texts.js";
import { Icon } from "./icon.js";
import { Act } from "./parts.js";

/** Names with values, such as tags, to be changed together. */
export function PairEditor({ pairs, onSave }: { pairs: Pairs; onSave: (pairs: Pairs) => Promise<unknown> }) {
  const rows = useSignal<Pairs>(pairs);
  const change = (at: number, index: 0 | 1, text: string) =>
    (rows.value = rows.value.map((row, each) => (each !== at ? row : index === 0 ? [text, row[1]] : [row[0], text])));
  return (
    <div class="stack">
      {rows.value.map(([key, value], at) => (
        <div class="row" key={at} style={{ flexWrap: "nowrap" }}>
          <input
            aria-label={t.tagName(at + 1)}
            placeholder={t.name}
            value={key}
            style={{ flex: 1, minWidth: 0 }}
            onInput={(event) => change(at, 0, event.currentTarget.value)}
          />
          <input
            aria-label={t.tagValue(at + 1)}
            placeholder={t.value}
            value={value}
            style={{ flex: 1, minWidth: 0 }}
            onInput={(event) => change(at, 1, event.currentTarget.value)}
          />
          <button
            class="plain"
            aria-label={t.removeTag(at + 1)}
            onClick={() => (rows.value = rows.value.filter((_, each) => each !== at))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {rows.value.length === 0 && <p class="muted">{t.none}</p>}
      <div class="row">
        <button onClick={() => (rows.value = [...rows.value, ["", ""]])}>
          <Icon name="plus" />
          {t.add}
        </button>
        <Act class="primary" run={() => onSave(rows.value.filter(([key]) => key !== ""))}>
          {t.save}
        </Act>
      </div>
    </div>
  );
}
