import { effect, signal, useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../lib/failure.js";
import { visible } from "../lib/format.js";
import { link } from "../lib/router.js";
import { endedBy, isSignedIn } from "../lib/session.js";
import { t } from "../texts.js";
import { Icon, type IconName } from "./icon.js";

type Tone = "good" | "warn" | "bad" | "";

/** A name that strangers chose: it keeps its direction to itself, and shows its hidden marks. */
export function Name({ text }: { text: string }) {
  return (
    <bdi class="name" title={visible(text)}>
      {visible(text)}
    </bdi>
  );
}

export function Badge({ tone = "", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** The state of an object or a file, by colour and word. */
export function State({ state }: { state: string }) {
  return (
    <span class="badge">
      <i class={`dot ${state}`} />
      {t.states[state] ?? state}
    </span>
  );
}

const TONE_ICONS: Readonly<Record<string, IconName>> = { good: "check", warn: "warning", bad: "warning" };

export function Notice({ tone = "", children }: { tone?: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={TONE_ICONS[tone] ?? "info"} />
      <div>{children}</div>
    </div>
  );
}

export function Empty({ icon, children }: { icon: IconName; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      {children}
    </div>
  );
}

export const Loading = () => (
  <div class="empty" role="status">
    <Icon name="refresh" spin />
    <span class="visually-hidden">{t.loading}</span>
  </div>
);

interface FieldProps {
  label: string;
  hint?: string;
  /** What is wrong with what was entered. */
  fault?: string;
  children: ComponentChildren;
}

export function Field({ label, hint, fault, children }: FieldProps) {
  return (
    <label class="field">
      {label}
      {children}
      {fault !== undefined && <span class="fault">{fault}</span>}
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  );
}

/** A window over the page; Escape and the cross close it, and focus goes back to where it was. */
export function Dialog(props: { title: string; onClose: () => void; wide?: boolean; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Not after the next paint: a key that is pressed in between would be lost.
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={box} class={props.wide === true ? "wide" : ""} aria-labelledby={id} onClose={props.onClose}>
      <div class="body">
        <div class="title">
          <h2 id={id}>{props.title}</h2>
          <button class="plain" aria-label={t.close} onClick={() => box.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  );
}

/** Asks before what cannot be taken back. */
export function Confirm(props: {
  title: string;
  children: ComponentChildren;
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <div class="stack">{props.children}</div>
      <div class="row end">
        <button onClick={props.onClose}>{t.cancel}</button>
        <Act class="danger" run={() => props.onConfirm().then(props.onClose)}>
          {props.action}
        </Act>
      </div>
    </Dialog>
  );
}

/** A button that works until its promise is kept, and tells why it is not. */
export function Act(props: {
  run: () => Promise<unknown>;
  class?: string;
  disabled?: boolean;
  label?: string;
  children: ComponentChildren;
}) {
  const busy = useSignal(false);
  const run = async () => {
    busy.value = true;
    await attempt(props.run);
    busy.value = false;
  };
  return (
    <button
      class={props.class ?? ""}
      disabled={busy.value || props.disabled === true}
      aria-busy={busy.value}
      onClick={() => void run()}
      {...(props.label !== undefined && { "aria-label": props.label, title: props.label })}
    >
      {busy.value && <Icon name="refresh" spin />}
      {props.children}
    </button>
  );
}

/** What a message offers, for a while: by its button, and by Ctrl+Z. */
interface Offer {
  readonly label: string;
  readonly ms: number;
  readonly run: () => Promise<unknown>;
}

interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
  readonly offer?: Offer;
}

const toasts = signal<readonly Toast[]>([]);
let counted = 0;
const TOAST_MS = { good: 4_000, warn: 8_000, bad: 12_000, "": 4_000 };

export function toast(text: string, tone: Tone = "good", offer?: Offer): void {
  const id = ++counted;
  toasts.value = [...toasts.value.slice(-3), { id, tone, text, ...(offer && { offer }) }];
  setTimeout(() => dismiss(id), offer?.ms ?? TOAST_MS[tone]);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/** What a session offered ends with it. */
effect(() => {
  if (!isSignedIn.value) toasts.value = toasts.peek().filter(({ offer }) => !offer);
});

/** After a change was saved: says so, and reads what is there now. */
export async function saved(again: () => Promise<void>): Promise<void> {
  toast(t.saved);
  await again();
}

/** Runs, and shows what went wrong. Resolves to whether it went well. */
export async function attempt(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError") && !endedBy(error)) toast(words(error), "bad");
    return false;
  }
}

/** The same for a form that shows in itself what went wrong. */
export async function told(failure: Signal<string>, run: () => Promise<unknown>): Promise<boolean> {
  failure.value = "";
  try {
    await run();
    return true;
  } catch (error) {
    if (!endedBy(error)) failure.value = words(error);
    return false;
  }
}

export function Toasts() {
  const newest = toasts.value.findLast(({ offer }) => offer);
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map((each) => (
        <div key={each.id} class={`notice ${each.tone}`}>
          <Icon name={TONE_ICONS[each.tone] ?? "info"} />
          <div class="break">{each.text}</div>
          {each.offer && <Offered id={each.id} offer={each.offer} byKey={each === newest} />}
        </div>
      ))}
    </div>
  );
}

/** The button of what a message offers; a failed try leaves it there. */
function Offered({ id, offer, byKey }: { id: number; offer: Offer; byKey: boolean }) {
  const box = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!byKey) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.repeat || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
      // Where something is written, that is what is undone; a window is about something else.
      if (document.activeElement?.matches("input:not([type=checkbox]), textarea, select, dialog *")) return;
      event.preventDefault();
      box.current?.querySelector("button")?.click();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [byKey]);
  return (
    <span ref={box} class="offer">
      <Act run={() => offer.run().then(() => dismiss(id))} label={t.byKey(offer.label)}>
        {offer.label}
      </Act>
    </span>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const run = async () => {
    // Browsers have it only where the page came by a secure connection.
    const { clipboard } = navigator as Partial<Navigator>;
    if (!clipboard) throw new Error(t.cannotCopy);
    await clipboard.writeText(text);
    toast(t.copied);
  };
  return (
    <Act run={run} label={label}>
      <Icon name="copy" />
      {label}
    </Act>
  );
}

/** Tabs as keyboards and screen readers know them. */
export function Tabs<T extends string>(props: {
  label: string;
  tabs: readonly (readonly [T, string])[];
  chosen: T;
  onChoose: (tab: T) => void;
}) {
  const bar = useRef<HTMLDivElement>(null);
  // On a phone the bar is wider than the screen.
  useEffect(() => {
    bar.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [props.chosen]);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = props.tabs.findIndex(([tab]) => tab === props.chosen);
    const next = (at + step + props.tabs.length) % props.tabs.length;
    const [tab] = props.tabs[next] ?? [props.chosen];
    props.onChoose(tab);
    const buttons = (event.currentTarget as HTMLElement).querySelectorAll("button");
    buttons[next]?.focus();
  };
  return (
    <div ref={bar} class="tabs" role="tablist" aria-label={props.label} onKeyDown={move}>
      {props.tabs.map(([tab, text]) => (
        <button
          key={tab}
          role="tab"
          aria-selected={tab === props.chosen}
          tabIndex={tab === props.chosen ? 0 : -1}
          onClick={() => props.onChoose(tab)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

/** The head of a table's column of buttons: for those who do not see that they are buttons. */
export function ActionsHead() {
  return (
    <th>
      <span class="visually-hidden">{t.actions}</span>
    </th>
  );
}

/** Where a page of a bucket is, with the way back. */
export function BucketCrumbs({ bucket }: { bucket: string }) {
  return (
    <nav class="crumbs" aria-label={t.path}>
      <a href={link(["buckets"])}>{t.buckets}</a>
      <span class="sep">/</span>
      <a href={link(["buckets", bucket])}>
        <Name text={bucket} />
      </a>
    </nav>
  );
}
