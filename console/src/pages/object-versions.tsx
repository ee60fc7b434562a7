import { useSignal } from "@preact/signals";
import { downloadLink } from "../lib/download.js";
import { bytes, moment } from "../lib/format.js";
import { link } from "../lib/router.js";
import type { Entry, S3 } from "../lib/s3.js";
import { pathOf } from "../lib/sign.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Act, ActionsHead, Badge, Loading, Notice, toast } from "../ui/parts.js";
import { DeleteObjects } from "./delete-objects.js";
import { undelete } from "./undelete.js";

interface VersionsProps {
  s3: S3;
  bucket: string;
  name: string;
  shown: string | undefined;
}

/** All versions of a key, the newest first, and what brings them back. */
export function ObjectVersions({ s3, bucket, name, shown }: VersionsProps) {
  const { value, failure, again } = useLoad(async () => {
    const { entries } = await s3.list(bucket, { prefix: name, delimiter: "", deleted: true });
    return entries.filter(({ key }) => key === name);
  }, [bucket, name]);
  const removing = useSignal<Entry | undefined>(undefined);
  const restore = async ({ versionId = "" }: Entry) => {
    const source = `${pathOf(bucket, name)}?versionId=${versionId}`;
    await s3.xml({ method: "PUT", bucket, key: name, headers: { "x-amz-copy-source": source } });
    toast(t.restored);
    await again();
  };
  if (failure.value !== "") return <Notice tone="bad">{failure.value}</Notice>;
  if (!value.value) return <Loading />;
  return (
    <div class="card flush scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>{t.version}</th>
            <th class="num">{t.size}</th>
            <th>{t.changed}</th>
            <ActionsHead />
          </tr>
        </thead>
        <tbody>
          {value.value.map((entry) => (
            <tr key={entry.versionId}>
              <td>
                {entry.kind === "marker" ? (
                  <span class="gone">{t.deleteMarker}</span>
                ) : (
                  <a class="mono" href={link(["buckets", bucket, "object"], { key: name, version: entry.versionId })}>
                    {entry.versionId}
                  </a>
                )}{" "}
                {entry.latest === true && <Badge tone="good">{t.newest}</Badge>}{" "}
                {entry.versionId === shown && <Badge>{t.shownHere}</Badge>}
              </td>
              <td class="num">{entry.kind === "marker" ? "" : bytes(entry.size)}</td>
              <td class="nowrap muted">{moment(entry.modified)}</td>
              <td class="num">
                {entry.kind === "marker" && entry.latest === true && (
                  <Act run={() => undelete(s3, bucket, [entry]).then(again)}>
                    <Icon name="history" />
                    {t.undelete}
                  </Act>
                )}
                {entry.kind === "object" && entry.latest !== true && (
                  <Act run={() => restore(entry)}>
                    <Icon name="history" />
                    {t.restore}
                  </Act>
                )}{" "}
                {entry.kind === "object" && (
                  <a
                    class="button"
                    href={downloadLink(s3, bucket, name, entry.versionId)}
                    download=""
                    aria-label={t.download}
                  >
                    <Icon name="download" />
                  </a>
                )}{" "}
                <button class="danger" aria-label={t.deleteVersion} onClick={() => (removing.value = entry)}>
                  <Icon name="trash" />
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {removing.value && (
        <DeleteObjects
          s3={s3}
          bucket={bucket}
          entries={[removing.value]}
          onDone={() => void again()}
          onClose={() => (removing.value = undefined)}
        />
      )}
    </div>
  );
}
