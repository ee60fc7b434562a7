import { useSignal, type Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { downloadFolder, downloadLink } from "../lib/download.js";
import { chosen as chosenFiles, type Named } from "../lib/dropped.js";
import { bytes, number } from "../lib/format.js";
import type { Listing } from "../lib/listing.js";
import { go } from "../lib/router.js";
import type { Entry, S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { Act } from "../ui/parts.js";
import { DeleteObjects } from "./delete-objects.js";
import { NewFolder } from "./new-folder.js";
import { ShareDialog } from "./share.js";
import { undelete } from "./undelete.js";

interface ToolbarProps {
  s3: S3;
  bucket: string;
  prefix: string;
  deleted: boolean;
  search: string;
  listing: Listing;
  picked: Signal<ReadonlyMap<string, Entry>>;
  take: (files: readonly Named[]) => void;
  again: () => void;
}

/** What can be done here: with what is chosen, or with all of it. */
export function Toolbar({ s3, bucket, prefix, deleted, search, listing, picked, take, again }: ToolbarProps) {
  const dialog = useSignal<"delete" | "folder" | undefined>(undefined);
  const zip = useSignal("");
  const at = (more: Record<string, string | undefined>) =>
    go(["buckets", bucket], { prefix, deleted: deleted ? "yes" : undefined, search, ...more });
  const chosen = [...picked.value.values()];
  const [only] = chosen.length === 1 ? chosen : [];
  const downloadZip = async () => {
    const signal = new AbortController().signal;
    await downloadFolder(
      s3,
      bucket,
      only?.key ?? prefix,
      (size, files) => (zip.value = t.zipProgress(files, bytes(size))),
      signal,
    );
    zip.value = "";
  };
  return (
    <div class="row">
      {chosen.length === 0 ? (
        <>
          <Choose onFiles={take} />
          <button onClick={() => (dialog.value = "folder")} aria-label={t.newFolder} title={t.newFolder}>
            <Icon name="plus" />
          </button>
          <span class="spacer" />
          <SearchBox search={search} onSearch={(text) => at({ search: text })} />
          <button
            aria-pressed={deleted}
            aria-label={deleted ? t.hideVersions : t.showVersions}
            title={deleted ? t.hideVersions : t.showVersions}
            onClick={() => at({ deleted: deleted ? undefined : "yes" })}
          >
            <Icon name="history" />
          </button>
          <Act run={downloadZip} label={t.downloadAll}>
            <Icon name="download" />
            {zip.value}
          </Act>
        </>
      ) : (
        <>
          <span class="muted">{t.chosen(number(chosen.length))}</span>
          {only?.kind === "object" && <ShareButton s3={s3} bucket={bucket} entry={only} />}
          {only?.kind === "object" && (
            <a class="button" href={downloadLink(s3, bucket, only.key, only.versionId)} download="">
              <Icon name="download" />
              {t.download}
            </a>
          )}
          {only?.kind === "folder" && (
            <Act run={downloadZip}>
              <Icon name="download" />
              {zip.value || t.downloadZip}
            </Act>
          )}
          {chosen.every(({ kind }) => kind === "marker") && (
            <Act run={() => undelete(s3, bucket, chosen)}>
              <Icon name="history" />
              {t.undelete}
            </Act>
          )}
          <button class="danger" onClick={() => (dialog.value = "delete")}>
            <Icon name="trash" />
            {t.delete}
          </button>
          <button class="plain" aria-label={t.chooseNone} onClick={() => (picked.value = new Map())}>
            <Icon name="close" />
          </button>
        </>
      )}
      {dialog.value === "delete" && (
        <DeleteObjects
          s3={s3}
          bucket={bucket}
          entries={chosen}
          onDone={again}
          onClose={() => (dialog.value = undefined)}
        />
      )}
      {dialog.value === "folder" && (
        <NewFolder
          onClose={() => (dialog.value = undefined)}
          onName={(name) => go(["buckets", bucket], { prefix: `${prefix}${name}/` })}
        />
      )}
      {search !== "" && (
        <span class="small muted" role="status">
          {t.lookedThrough(number(listing.count.value), number(listing.looked.value))}
          {listing.loading.value ? ` ${t.goesOn}` : ""}
        </span>
      )}
    </div>
  );
}

function ShareButton({ s3, bucket, entry }: { s3: S3; bucket: string; entry: Entry }) {
  const open = useSignal(false);
  return (
    <>
      <button onClick={() => (open.value = true)}>
        <Icon name="share" />
        {t.share}
      </button>
      {open.value && (
        <ShareDialog
          s3={s3}
          bucket={bucket}
          name={entry.key}
          version={entry.versionId}
          onClose={() => (open.value = false)}
        />
      )}
    </>
  );
}

/** Files, or a folder with all that is in it. */
function Choose({ onFiles }: { onFiles: (files: readonly Named[]) => void }) {
  const [files, folder] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const take = (event: { currentTarget: HTMLInputElement }) => {
    onFiles(chosenFiles(event.currentTarget.files));
    event.currentTarget.value = "";
  };
  return (
    <>
      <button class="primary" onClick={() => files.current?.click()}>
        <Icon name="upload" />
        {t.upload}
      </button>
      <button onClick={() => folder.current?.click()}>
        <Icon name="folder" />
        {t.uploadFolder}
      </button>
      <input ref={files} type="file" multiple hidden aria-label={t.upload} data-choose="files" onChange={take} />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        multiple
        hidden
        aria-label={t.uploadFolder}
        data-choose="folder"
        onChange={take}
      />
    </>
  );
}

function SearchBox({ search, onSearch }: { search: string; onSearch: (text: string) => void }) {
  const typed = useSignal(search);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(typed.value);
      }}
    >
      <input
        type="search"
        placeholder={t.searchHere}
        aria-label={t.searchHere}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          if (typed.value === "" && search !== "") onSearch("");
        }}
      />
    </form>
  );
}
