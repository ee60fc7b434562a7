import { useSignal } from "@preact/signals";
import { moment } from "../lib/format.js";
import { go, link } from "../lib/router.js";
import type { S3 } from "../lib/s3.js";
import { XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Act, Dialog, Empty, Field, Loading, Name, Notice } from "../ui/parts.js";

export function Buckets({ s3 }: { s3: S3 }) {
  const { value, failure } = useLoad(() => s3.buckets(), [s3]);
  const creating = useSignal(false);
  const other = useSignal("");
  const search = useSignal("");
  const shown = value.value?.filter(({ name }) => name.includes(search.value));
  return (
    <div class="page">
      <div class="head">
        <h1>{t.buckets}</h1>
        <span class="spacer" />
        {(value.value?.length ?? 0) > 8 && (
          <input
            type="search"
            placeholder={t.search}
            aria-label={t.search}
            value={search.value}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
        )}
        <button class="primary" onClick={() => (creating.value = true)}>
          <Icon name="plus" />
          {t.newBucket}
        </button>
      </div>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {failure.value !== "" && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            go(["buckets", other.value.trim()]);
          }}
        >
          <Field label={t.openByName}>
            <input required value={other.value} onInput={(event) => (other.value = event.currentTarget.value)} />
          </Field>
          <button style={{ alignSelf: "end" }}>{t.open}</button>
        </form>
      )}
      {!shown && failure.value === "" && <Loading />}
      {shown && shown.length > 0 && (
        <div class="card flush scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th>{t.name}</th>
                <th class="hide-phone">{t.created}</th>
                <th class="num">
                  <span class="visually-hidden">{t.actions}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ name, created }) => (
                <tr key={name}>
                  <td>
                    <a href={link(["buckets", name])} class="row" style={{ flexWrap: "nowrap" }}>
                      <Icon name="bucket" />
                      <strong>
                        <Name text={name} />
                      </strong>
                    </a>
                  </td>
                  <td class="muted nowrap hide-phone">{moment(created)}</td>
                  <td class="num">
                    <a class="button" href={link(["buckets", name, "durability"])} aria-label={t.durabilityOf(name)}>
                      <Icon name="nodes" />
                      <span class="hide-phone">{t.durability}</span>
                    </a>{" "}
                    <a class="button" href={link(["buckets", name, "settings"])} aria-label={t.settingsOf(name)}>
                      <Icon name="settings" />
                      <span class="hide-phone">{t.settings}</span>
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown?.length === 0 && (
        <div class="card">
          <Empty icon="bucket">
            <p>{search.value === "" ? t.noBuckets : t.nothingFound}</p>
            {search.value === "" && (
              <button class="primary" onClick={() => (creating.value = true)}>
                <Icon name="plus" />
                {t.newBucket}
              </button>
            )}
          </Empty>
        </div>
      )}
      {creating.value && <NewBucket s3={s3} onClose={() => (creating.value = false)} />}
    </div>
  );
}

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

function NewBucket({ s3, onClose }: { s3: S3; onClose: () => void }) {
  const [name, versioned, locked] = [useSignal(""), useSignal(false), useSignal(false)];
  const wrong = name.value !== "" && (!NAME.test(name.value) || name.value.includes(".."));
  const create = async () => {
    const bucket = name.value;
    const lock = locked.value ? { "x-amz-bucket-object-lock-enabled": "true" } : {};
    await s3.ask({ method: "PUT", bucket, headers: lock });
    if (versioned.value && !locked.value)
      await s3.putDocument(
        { bucket, query: { versioning: "" } },
        `<VersioningConfiguration ${XMLNS}><Status>Enabled</Status></VersioningConfiguration>`,
      );
    onClose();
    go(["buckets", bucket]);
  };
  return (
    <Dialog title={t.newBucket} onClose={onClose}>
      <Field label={t.name} hint={t.bucketNameRule}>
        <input
          autoFocus
          value={name.value}
          aria-invalid={wrong}
          spellcheck={false}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </Field>
      <label class="check">
        <input
          type="checkbox"
          checked={versioned.value || locked.value}
          disabled={locked.value}
          onChange={(event) => (versioned.value = event.currentTarget.checked)}
        />
        {t.keepVersions}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={locked.value}
          onChange={(event) => (locked.value = event.currentTarget.checked)}
        />
        {t.allowLock}
      </label>
      <div class="row end">
        <button onClick={onClose}>{t.cancel}</button>
        <Act class="primary" disabled={name.value === "" || wrong} run={create}>
          {t.create}
        </Act>
      </div>
    </Dialog>
  );
}
