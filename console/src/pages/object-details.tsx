import { useSignal } from "@preact/signals";
import { bytes, moment, number, visible } from "../lib/format.js";
import type { Query, S3 } from "../lib/s3.js";
import { parseTags, writeTags } from "../lib/tags.js";
import { parseXml, textOf, XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { PairEditor } from "../ui/pairs.js";
import { Act, Field, Loading, Notice, saved } from "../ui/parts.js";

interface DetailsProps {
  s3: S3;
  bucket: string;
  name: string;
  version: string | undefined;
  headers: Headers;
}

const SHOWN = [
  ["etag", "ETag"],
  ["x-amz-version-id", t.version],
  ["content-type", "Content-Type"],
  ["content-encoding", "Content-Encoding"],
  ["cache-control", "Cache-Control"],
  ["x-amz-server-side-encryption", t.encryption],
  ["x-amz-replication-status", t.replication],
  ["x-amz-expiration", t.expires],
  ["x-cess-fid", "FID"],
  ["x-cess-extent", t.extent],
] as const;

export function ObjectDetails(props: DetailsProps) {
  const { name, headers } = props;
  const metadata = [...headers].filter(([header]) => header.startsWith("x-amz-meta-"));
  const size = Number(headers.get("content-length") ?? 0);
  const charged = headers.get("x-cess-charged-bytes");
  return (
    <div class="grid wide">
      <section class="card">
        <h2>{t.properties}</h2>
        <dl>
          <dt>{t.key}</dt>
          <dd class="mono">{visible(name)}</dd>
          <dt>{t.size}</dt>
          <dd>
            {bytes(size)} ({number(size)} B)
          </dd>
          <dt>{t.changed}</dt>
          <dd>{moment(headers.get("last-modified") ?? "")}</dd>
          {SHOWN.map(([header, text]) => {
            const value = headers.get(header);
            // The console itself asks browsers to keep nothing, where the object says nothing of it.
            return value === null || (header === "cache-control" && value === "no-store") ? null : (
              <>
                <dt>{text}</dt>
                <dd class="mono">{visible(value)}</dd>
              </>
            );
          })}
          {charged !== null && (
            <>
              <dt>{t.charged}</dt>
              <dd>{bytes(Number(charged))}</dd>
            </>
          )}
        </dl>
      </section>
      <div class="stack">
        <section class="card">
          <h2>{t.metadata}</h2>
          {metadata.length === 0 ? (
            <p class="muted">{t.none}</p>
          ) : (
            <dl>
              {metadata.map(([header, value]) => (
                <>
                  <dt class="mono">{header.slice("x-amz-meta-".length)}</dt>
                  <dd class="mono">{visible(value)}</dd>
                </>
              ))}
            </dl>
          )}
        </section>
        <Tags {...props} />
        <Lock {...props} />
      </div>
    </div>
  );
}

function Tags({ s3, bucket, name, version }: DetailsProps) {
  const at = (query: Query) => ({ bucket, key: name, query: { ...query, versionId: version } });
  const { value, failure, again } = useLoad(() => s3.document(at({ tagging: "" })).then(parseTags), [name, version]);
  return (
    <section class="card">
      <h2>{t.tags}</h2>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {value.value && (
        <PairEditor
          key={JSON.stringify(value.value)}
          pairs={value.value}
          onSave={async (tags) => {
            await s3.putDocument(at({ tagging: "" }), writeTags(tags));
            await saved(again);
          }}
        />
      )}
    </section>
  );
}

/** Where the bucket allows it: until when a version must stay, and whether it must stay whatever the time. */
function Lock({ s3, bucket, name, version }: DetailsProps) {
  const at = (query: Query) => ({ bucket, key: name, query: { ...query, versionId: version } });
  const hold = useSignal(false);
  const [mode, until] = [useSignal("GOVERNANCE"), useSignal("")];
  const { value, failure, again } = useLoad(async () => {
    const locked = await s3.document({ bucket, query: { "object-lock": "" } }).catch(() => undefined);
    if (locked === undefined) return { allowed: false, until: "" };
    const retention = parseXml((await s3.document(at({ retention: "" }))) ?? "<None/>");
    const legal = parseXml((await s3.document(at({ "legal-hold": "" }))) ?? "<None/>");
    hold.value = textOf(legal, "Status") === "ON";
    mode.value = textOf(retention, "Mode") || "GOVERNANCE";
    const found = textOf(retention, "RetainUntilDate");
    until.value = found.slice(0, 10);
    return { allowed: true, until: found };
  }, [name, version]);
  const save = async () => {
    if (until.value !== "" && until.value !== value.value?.until.slice(0, 10))
      await s3.putDocument(
        at({ retention: "" }),
        `<Retention ${XMLNS}><Mode>${mode.value}</Mode><RetainUntilDate>${until.value}T00:00:00Z</RetainUntilDate></Retention>`,
      );
    await s3.putDocument(
      at({ "legal-hold": "" }),
      `<LegalHold ${XMLNS}><Status>${hold.value ? "ON" : "OFF"}</Status></LegalHold>`,
    );
    await saved(again);
  };
  return (
    <section class="card">
      <h2>{t.lock}</h2>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {!value.value ? (
        <Loading />
      ) : !value.value.allowed ? (
        <p class="muted">{t.noLock}</p>
      ) : (
        <div class="stack">
          <div class="row">
            <Field label={t.retainUntil}>
              <input type="date" value={until.value} onInput={(event) => (until.value = event.currentTarget.value)} />
            </Field>
            <Field label={t.mode}>
              <select value={mode.value} onChange={(event) => (mode.value = event.currentTarget.value)}>
                <option value="GOVERNANCE">{t.governance}</option>
                <option value="COMPLIANCE">{t.compliance}</option>
              </select>
            </Field>
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={hold.value}
              onChange={(event) => (hold.value = event.currentTarget.checked)}
            />
            {t.legalHold}
          </label>
          <div class="row">
            <Act class="primary" run={save}>
              {t.save}
            </Act>
          </div>
        </div>
      )}
    </section>
  );
}
