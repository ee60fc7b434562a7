import { useSignal } from "@preact/signals";
import { downloadLink } from "../lib/download.js";
import { bytes, moment } from "../lib/format.js";
import { go, link, place } from "../lib/router.js";
import type { Entry, S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Loading, Name, Notice, State, Tabs } from "../ui/parts.js";
import { DeleteObjects } from "./delete-objects.js";
import { ObjectDetails } from "./object-details.js";
import { ObjectVersions } from "./object-versions.js";
import { ObjectWay } from "./object-way.js";
import { Preview } from "./preview.js";
import { ShareDialog } from "./share.js";

const TABS = [
  ["preview", t.preview],
  ["way", t.way],
  ["details", t.details],
  ["versions", t.versions],
] as const;
type Tab = (typeof TABS)[number][0];

interface ObjectProps {
  s3: S3;
  bucket: string;
  name: string;
  version: string | undefined;
}

/** One object: what it is, where it is, and what can be done with it. */
export function ObjectPage({ s3, bucket, name, version }: ObjectProps) {
  const head = useLoad(
    () => s3.ask({ method: "HEAD", bucket, key: name, query: { versionId: version } }).then(({ headers }) => headers),
    [name, version],
    5_000,
  );
  const wanted = place.value.query.get("tab");
  const tab = TABS.find(([each]) => each === wanted)?.[0] ?? "preview";
  const dialog = useSignal<"share" | "delete" | undefined>(undefined);
  const choose = (next: Tab) => go(["buckets", bucket, "object"], { key: name, version, tab: next });
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const headers = head.value.value;
  const size = Number(headers?.get("content-length") ?? 0);
  const entry: Entry = {
    kind: "object",
    key: name,
    size,
    modified: "",
    etag: "",
    ...(version !== undefined && { versionId: version }),
  };
  const up = () => go(["buckets", bucket], { prefix: folder });
  return (
    <div class="page">
      <nav class="crumbs" aria-label={t.path}>
        <a href={link(["buckets", bucket], { prefix: folder })} class="row">
          <Icon name="back" />
          <Name text={folder === "" ? bucket : `${bucket}/${folder}`} />
        </a>
      </nav>
      <div class="head">
        <h1>
          <Name text={name.slice(folder.length) || name} />
        </h1>
        {headers && <State state={headers.get("x-cess-state") ?? ""} />}
        <span class="spacer" />
        {headers && (
          <>
            <button onClick={() => (dialog.value = "share")}>
              <Icon name="share" />
              {t.share}
            </button>
            <a class="button" href={downloadLink(s3, bucket, name, version)} download="">
              <Icon name="download" />
              {t.download}
            </a>
            <button class="danger" onClick={() => (dialog.value = "delete")} aria-label={t.delete} title={t.delete}>
              <Icon name="trash" />
            </button>
          </>
        )}
      </div>
      {headers && (
        <p class="muted">
          {bytes(size)} · {headers.get("content-type")} · {moment(headers.get("last-modified") ?? "")}
          {version !== undefined && ` · ${t.versionShown(version)}`}
        </p>
      )}
      <Tabs label={t.object} tabs={TABS} chosen={tab} onChoose={choose} />
      {head.failure.value !== "" && tab !== "versions" && <Notice tone="bad">{head.failure.value}</Notice>}
      {!headers && head.failure.value === "" && <Loading />}
      {headers && tab === "preview" && (
        <Preview s3={s3} bucket={bucket} name={name} version={version} headers={headers} />
      )}
      {headers && tab === "way" && (
        <ObjectWay s3={s3} bucket={bucket} name={name} version={version} onState={head.again} />
      )}
      {headers && tab === "details" && (
        <ObjectDetails s3={s3} bucket={bucket} name={name} version={version} headers={headers} />
      )}
      {tab === "versions" && <ObjectVersions s3={s3} bucket={bucket} name={name} shown={version} />}
      {dialog.value === "share" && (
        <ShareDialog s3={s3} bucket={bucket} name={name} version={version} onClose={() => (dialog.value = undefined)} />
      )}
      {dialog.value === "delete" && (
        <DeleteObjects
          s3={s3}
          bucket={bucket}
          entries={[entry]}
          onDone={up}
          onClose={() => (dialog.value = undefined)}
        />
      )}
    </div>
  );
}
