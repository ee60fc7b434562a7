import { useSignal } from "@preact/signals";
import { number } from "../lib/format.js";
import { below } from "../lib/listing.js";
import { DELETE_BATCH, type Entry, type KeyVersion, type S3 } from "../lib/s3.js";
import { parseXml, textOf } from "../lib/xml.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { Confirm, Name, Notice, toast } from "../ui/parts.js";
import { undelete } from "./undelete.js";

/** How long a deletion can be undone by its message; afterwards the versions still can. */
const UNDO_MS = 30_000;

/** Deletes what was chosen, with all that is in folders. What left delete markers can be undone for a while. */
export function DeleteObjects(props: {
  s3: S3;
  bucket: string;
  entries: readonly Entry[];
  onDone: () => void;
  onClose: () => void;
}) {
  const { s3, bucket, entries } = props;
  const done = useSignal(0);
  const run = async () => {
    const markers: KeyVersion[] = [];
    const failures: string[] = [];
    done.value = 0;
    try {
      for await (const batch of batches(s3, bucket, entries)) {
        const removed = await s3.remove(bucket, batch);
        failures.push(...removed.failures.map(({ key, text }) => `${key}: ${text}`));
        markers.push(...removed.markers);
        done.value += batch.length - removed.failures.length;
      }
      const [first] = failures;
      if (first !== undefined) throw new Error(t.notAllDeleted(number(failures.length), first));
    } finally {
      // Also what was deleted before a failure.
      if (done.value > 0) {
        tell(s3, bucket, done.value, markers);
        props.onDone();
      }
    }
  };
  return (
    <Confirm title={t.deleteTitle(number(entries.length))} action={t.delete} onConfirm={run} onClose={props.onClose}>
      <ul style={{ margin: 0, paddingLeft: "20px" }}>
        {entries.slice(0, 6).map(({ key, versionId = "" }) => (
          <li key={`${key}\n${versionId}`} class="break">
            <Name text={key} />
          </li>
        ))}
        {entries.length > 6 && <li>{t.andMore(entries.length - 6)}</li>}
      </ul>
      {entries.some(({ kind }) => kind === "folder") && <p>{t.foldersWhole}</p>}
      <Consequence s3={s3} bucket={bucket} entries={entries} />
      {done.value > 0 && <p role="status">{t.deletedCount(number(done.value))}</p>}
    </Confirm>
  );
}

/** Keys as many requests take them. */
async function* batches(s3: S3, bucket: string, entries: readonly Entry[]): AsyncGenerator<KeyVersion[]> {
  let batch: KeyVersion[] = [];
  for await (const each of named(s3, bucket, entries)) {
    batch.push(each);
    if (batch.length < DELETE_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* named(s3: S3, bucket: string, entries: readonly Entry[]): AsyncGenerator<KeyVersion> {
  for (const { kind, key, versionId } of entries) {
    if (kind !== "folder") yield { key, ...(versionId !== undefined && { versionId }) };
    else for await (const inside of below(s3, bucket, key, new AbortController().signal)) yield { key: inside.key };
  }
}

/** Says what was deleted, with the way back where there is one. */
function tell(s3: S3, bucket: string, count: number, markers: readonly KeyVersion[]): void {
  // Where versions are suspended a marker takes the place of what was written since then, which is gone.
  const back = markers.filter(({ versionId }) => versionId !== "null");
  toast(
    t.deletedCount(number(count)),
    "good",
    back.length === 0 ? undefined : { label: t.undo, ms: UNDO_MS, run: () => undelete(s3, bucket, back) },
  );
}

/** Whether what is deleted can be brought back: that is the bucket's setting. */
function Consequence({ s3, bucket, entries }: { s3: S3; bucket: string; entries: readonly Entry[] }) {
  const status = useLoad(async () => {
    // A key that may not read the setting may delete nevertheless.
    const text = await s3.document({ bucket, query: { versioning: "" } }).catch(() => undefined);
    return text === undefined ? "unknown" : textOf(parseXml(text), "Status");
  }, [bucket]).value.value;
  if (entries.some(({ versionId }) => versionId !== undefined)) return <Notice tone="warn">{t.versionForever}</Notice>;
  if (status === undefined) return null;
  if (status === "Enabled") return <Notice>{t.deleteKept}</Notice>;
  if (status === "unknown") return <Notice>{t.deleteHint}</Notice>;
  return <Notice tone="warn">{status === "Suspended" ? t.deleteSuspended : t.deleteForever}</Notice>;
}
