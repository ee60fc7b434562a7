import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { dropped, type Named } from "../lib/dropped.js";
import { bytes, moment, number } from "../lib/format.js";
import { Listing } from "../lib/listing.js";
import { link, place } from "../lib/router.js";
import type { Entry, S3 } from "../lib/s3.js";
import { finished, totals, upload } from "../lib/uploads.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { attempt, Empty, Loading, Name, Notice } from "../ui/parts.js";
import { VirtualList } from "../ui/virtual-list.js";
import { Toolbar } from "./browser-toolbar.js";
import { rowStates, StateOf } from "./row-states.js";
import { Progress } from "./transfers.js";
import { undeleted } from "./undelete.js";

const idOf = ({ key, versionId = "" }: Entry) => `${key}\n${versionId}`;

/** A bucket's objects, below a prefix. */
export function Browser({ s3, bucket }: { s3: S3; bucket: string }) {
  const { query } = place.value;
  const prefix = query.get("prefix") ?? "";
  const deleted = query.get("deleted") === "yes";
  const search = query.get("search") ?? "";
  const turn = useSignal(0);
  const listing = useMemo(
    () => new Listing(s3, { bucket, prefix, deleted, search }),
    [prefix, deleted, search, turn.value],
  );
  const picked = useSignal<ReadonlyMap<string, Entry>>(new Map());
  const again = () => {
    turn.value++;
  };
  useEffect(() => {
    picked.value = new Map();
    return () => listing.close();
  }, [listing]);
  useRefresh(again);
  useEffect(() => {
    const seen = undeleted.peek();
    return undeleted.subscribe((count) => count !== seen && again());
  }, []);
  const take = (files: readonly Named[]) => {
    if (files.length > 0) upload(s3, bucket, prefix, files);
  };
  return (
    <DropZone onFiles={take}>
      <div class="page fill">
        <div class="stack">
          <div class="head">
            <Crumbs bucket={bucket} prefix={prefix} />
            <span class="spacer" />
            <a class="button" href={link(["buckets", bucket, "durability"])} aria-label={t.durabilityOf(bucket)}>
              <Icon name="nodes" />
              <span class="hide-phone">{t.durability}</span>
            </a>
            <a class="button" href={link(["buckets", bucket, "settings"])} aria-label={t.settingsOf(bucket)}>
              <Icon name="settings" />
              <span class="hide-phone">{t.settings}</span>
            </a>
          </div>
          <Toolbar
            s3={s3}
            bucket={bucket}
            prefix={prefix}
            deleted={deleted}
            search={search}
            listing={listing}
            picked={picked}
            take={take}
            again={again}
          />
        </div>
        {totals.value.open > 0 && <Progress />}
        {listing.failure.value !== "" && <Notice tone="bad">{listing.failure.value}</Notice>}
        <Entries s3={s3} bucket={bucket} prefix={prefix} listing={listing} picked={picked} searching={search !== ""} />
      </div>
    </DropZone>
  );
}

/** Looks again when uploads have ended, at most every 1.5 s. */
function useRefresh(again: () => void): void {
  const timer = useRef<number | undefined>(undefined);
  const seen = useRef(finished.value);
  useEffect(
    () =>
      finished.subscribe((count) => {
        if (count === seen.current) return;
        seen.current = count;
        timer.current ??= window.setTimeout(() => {
          timer.current = undefined;
          again();
        }, 1500);
      }),
    [],
  );
}

/** Where this is, as a heading of links. */
function Crumbs({ bucket, prefix }: { bucket: string; prefix: string }) {
  const parts = prefix.split("/").slice(0, -1);
  return (
    <h1 class="crumbs">
      <a href={link(["buckets"])}>{t.buckets}</a>
      <span class="sep">/</span>
      <a href={link(["buckets", bucket])}>
        <Name text={bucket} />
      </a>
      {parts.map((part, at) => (
        <>
          <span class="sep">/</span>
          <a href={link(["buckets", bucket], { prefix: `${parts.slice(0, at + 1).join("/")}/` })}>
            <Name text={part === "" ? t.emptyName : part} />
          </a>
        </>
      ))}
    </h1>
  );
}

function DropZone({ onFiles, children }: { onFiles: (files: readonly Named[]) => void; children: ComponentChildren }) {
  const over = useSignal(0);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
  return (
    <div
      class={over.value > 0 ? "drop over" : "drop"}
      data-drop={t.dropHere}
      onDragEnter={(event) => hasFiles(event) && over.value++}
      onDragLeave={(event) => hasFiles(event) && over.value--}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        over.value = 0;
        const { dataTransfer } = event;
        if (dataTransfer) void attempt(async () => onFiles(await dropped(dataTransfer)));
      }}
    >
      {children}
    </div>
  );
}

interface EntriesProps {
  s3: S3;
  bucket: string;
  prefix: string;
  listing: Listing;
  picked: Signal<ReadonlyMap<string, Entry>>;
  searching: boolean;
}

const phone = matchMedia("(max-width: 760px)");

function Entries({ s3, bucket, prefix, listing, picked, searching }: EntriesProps) {
  const count = listing.count.value;
  const states = useMemo(() => rowStates(s3, bucket), [s3, bucket]);
  useEffect(() => () => states.close(), [states]);
  useEffect(() => void listing.more(200), [listing]);
  if (listing.paused.value && count === 0)
    return (
      <div class="card" style={{ flex: 1 }}>
        <Empty icon="search">
          <p>{t.nothingYet(number(listing.looked.value))}</p>
          <button onClick={() => void listing.more(200)}>{t.lookFurther}</button>
        </Empty>
      </div>
    );
  if (listing.done.value && count === 0)
    return (
      <div class="card" style={{ flex: 1 }}>
        <Empty icon={searching ? "search" : "upload"}>
          <p>{searching ? t.nothingFound : t.emptyFolder}</p>
        </Empty>
      </div>
    );
  const toggle = (entry: Entry) => {
    const next = new Map(picked.value);
    if (!next.delete(idOf(entry))) next.set(idOf(entry), entry);
    picked.value = next;
  };
  const all = picked.value.size > 0 && picked.value.size === count;
  return (
    <div class="card flush" style={{ flex: 1, minHeight: "300px", gap: 0 }}>
      <div class="listhead">
        <span class="pick">
          <input
            type="checkbox"
            aria-label={t.chooseAll}
            checked={all}
            disabled={count === 0}
            onChange={() =>
              (picked.value = all ? new Map() : new Map(listing.entries.map((each) => [idOf(each), each])))
            }
          />
        </span>
        <span>{t.name}</span>
        <span class="num">{t.size}</span>
        <span>{t.changed}</span>
        <span>{t.state}</span>
      </div>
      {count === 0 && listing.failure.value === "" ? (
        <Loading />
      ) : (
        <VirtualList
          label={t.objectsOf(bucket)}
          count={count}
          rowHeight={phone.matches ? 46 : 42}
          onReach={(last) => {
            if (last > count - 500) void listing.more(count + 1000);
            states.look(listing.entries.slice(Math.max(0, last - 60), last));
          }}
          row={(index, top) => {
            const entry = listing.entries[index];
            if (!entry) return <div key={index} />;
            const id = idOf(entry);
            return (
              <div
                key={id}
                class={picked.value.has(id) ? "entry selected" : "entry"}
                role="listitem"
                style={{ top: `${top}px` }}
              >
                <label class="pick">
                  <input
                    type="checkbox"
                    aria-label={t.choose(entry.key)}
                    checked={picked.value.has(id)}
                    onChange={() => toggle(entry)}
                  />
                </label>
                <Row bucket={bucket} prefix={prefix} entry={entry} />
                <span class="num">{entry.kind === "object" ? bytes(entry.size) : ""}</span>
                <span class="muted nowrap">{entry.modified === "" ? "" : moment(entry.modified)}</span>
                <span>
                  {entry.kind === "object" ? (
                    <StateOf states={states} entry={entry} />
                  ) : entry.kind === "marker" ? (
                    t.deleted
                  ) : (
                    ""
                  )}
                </span>
              </div>
            );
          }}
        />
      )}
      <div class="row small muted" style={{ padding: "6px 14px", borderTop: "1px solid var(--line)" }} role="status">
        {t.entries(number(count))}
        {!listing.done.value && !listing.paused.value && ` ${t.more}`}
        {listing.paused.value && (
          <button class="link" onClick={() => void listing.more(count + 200)}>
            {t.lookFurther}
          </button>
        )}
      </div>
    </div>
  );
}

const PICTURE = /\.(?:png|jpe?g|gif|webp|avif|svg|bmp|ico)$/i;

function Row({ bucket, prefix, entry }: { bucket: string; prefix: string; entry: Entry }) {
  const name = entry.key.slice(prefix.length);
  if (entry.kind === "folder")
    return (
      <a class="what folder" href={link(["buckets", bucket], { prefix: entry.key })}>
        <Icon name="folder" />
        <Name text={name === "/" ? t.emptyName : name} />
      </a>
    );
  const old = entry.latest === false;
  return (
    <a class="what" href={link(["buckets", bucket, "object"], { key: entry.key, version: entry.versionId })}>
      <Icon name={entry.kind === "marker" ? "trash" : PICTURE.test(name) ? "picture" : "file"} />
      <span class={entry.kind === "marker" || old ? "gone name" : "name"}>
        <Name text={name} />
      </span>
      {old && <span class="badge">{t.older}</span>}
    </a>
  );
}
