import { useSignal } from "@preact/signals";
import { words } from "../lib/failure.js";
import { facts, notice, signIn, signInOperator } from "../lib/session.js";
import { t } from "../texts.js";
import { Field, Notice, Tabs } from "../ui/parts.js";

/** Forms are not sent anywhere: the page signs by itself, and its policy forbids sending forms. */
export function SignIn() {
  const operators = facts.value?.operators ?? "absent";
  const way = useSignal<"key" | "token">("key");
  const busy = useSignal(false);
  const failure = useSignal("");
  const submit = (work: () => Promise<void>) => async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failure.value = "";
    notice.value = "";
    try {
      await work();
    } catch (error) {
      failure.value = words(error);
    }
    busy.value = false;
  };
  return (
    <main class="door">
      <div class="card">
        <div class="brand">
          <img src="/console/icon.svg" alt="" width="34" height="34" />
          cess-s3
        </div>
        <h1>{t.signIn}</h1>
        {operators !== "absent" && (
          <Tabs
            label={t.signInWith}
            tabs={[
              ["key", t.withKey],
              ["token", t.asOperator],
            ]}
            chosen={way.value}
            onChoose={(tab) => (way.value = tab)}
          />
        )}
        {notice.value !== "" && <Notice tone="warn">{notice.value}</Notice>}
        {way.value === "key" ? (
          <KeyForm busy={busy.value} submit={submit} />
        ) : (
          <OperatorForm busy={busy.value} submit={submit} open={operators === "open"} />
        )}
        {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
        {!window.isSecureContext && <p class="small warn">{t.insecure}</p>}
      </div>
    </main>
  );
}

interface FormProps {
  busy: boolean;
  submit: (work: () => Promise<void>) => (event: Event) => Promise<void>;
}

function KeyForm({ busy, submit }: FormProps) {
  const [id, secret, session] = [useSignal(""), useSignal(""), useSignal("")];
  const temporary = id.value.startsWith("ASIA");
  const keep = useSignal(false);
  const work = () =>
    signIn(
      {
        accessKeyId: id.value.trim(),
        secretAccessKey: secret.value.trim(),
        ...(temporary && session.value.trim() !== "" && { sessionToken: session.value.trim() }),
      },
      keep.value,
    );
  return (
    <form class="stack" onSubmit={(event) => void submit(work)(event)}>
      <Field label={t.accessKey}>
        <input
          required
          autoFocus
          autocomplete="username"
          spellcheck={false}
          value={id.value}
          onInput={(event) => (id.value = event.currentTarget.value)}
        />
      </Field>
      <Field label={t.secretKey}>
        <input
          required
          type="password"
          autocomplete="current-password"
          value={secret.value}
          onInput={(event) => (secret.value = event.currentTarget.value)}
        />
      </Field>
      {temporary && (
        <Field label={t.sessionToken}>
          <input
            type="password"
            autocomplete="off"
            value={session.value}
            onInput={(event) => (session.value = event.currentTarget.value)}
          />
        </Field>
      )}
      <Keep keep={keep} />
      <button class="primary" disabled={busy}>
        {t.signIn}
      </button>
      <p class="small muted">{t.keyStays}</p>
    </form>
  );
}

function OperatorForm({ busy, submit, open }: FormProps & { open: boolean }) {
  const token = useSignal("");
  const keep = useSignal(false);
  const work = () => signInOperator(open ? undefined : token.value.trim(), keep.value);
  return (
    <form class="stack" onSubmit={(event) => void submit(work)(event)}>
      {open ? (
        <p class="muted">{t.openListener}</p>
      ) : (
        <>
          <Field label={t.adminToken} hint={t.adminTokenHint}>
            <input
              required
              autoFocus
              type="password"
              autocomplete="current-password"
              value={token.value}
              onInput={(event) => (token.value = event.currentTarget.value)}
            />
          </Field>
          <Keep keep={keep} />
        </>
      )}
      <button class="primary" disabled={busy}>
        {open ? t.continueAsOperator : t.signIn}
      </button>
    </form>
  );
}

const Keep = ({ keep }: { keep: { value: boolean } }) => (
  <label class="check">
    <input type="checkbox" checked={keep.value} onChange={(event) => (keep.value = event.currentTarget.checked)} />
    {t.keepForTab}
  </label>
);
