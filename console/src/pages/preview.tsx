import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { words } from "../lib/failure.js";
import { bytes, visible } from "../lib/format.js";
import type { S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loading, Notice } from "../ui/parts.js";

/** What is fetched to be shown, at most, bytes. A video streams. */
const LIMITS = { picture: 32 * 2 ** 20, text: 512 * 1024, pdf: 64 * 2 ** 20 };

/** By file name: what people call a file says more than the type that a tool has set. */
const KINDS: readonly (readonly [keyof typeof LIMITS | "video" | "audio", RegExp, string?])[] = [
  ["picture", /\.png$/i, "image/png"],
  ["picture", /\.jpe?g$/i, "image/jpeg"],
  ["picture", /\.gif$/i, "image/gif"],
  ["picture", /\.webp$/i, "image/webp"],
  ["picture", /\.avif$/i, "image/avif"],
  ["picture", /\.svg$/i, "image/svg+xml"],
  ["pdf", /\.pdf$/i],
  ["video", /\.(?:mp4|m4v|webm|mov|ogv)$/i],
  ["audio", /\.(?:mp3|m4a|ogg|oga|opus|wav|flac)$/i],
  [
    "text",
    /\.(?:txt|md|log|csv|tsv|json|jsonl|ya?ml|toml|ini|conf|xml|html?|css|[cm]?[jt]sx?|py|go|rs|c|h|cpp|java|rb|sh|sql|svg)$/i,
  ],
];

function kindOf(name: string, type: string): (typeof KINDS)[number] | undefined {
  const known = KINDS.find(([, pattern]) => pattern.test(name));
  if (known) return known;
  if (/^image\/(?:png|jpeg|gif|webp|avif)$/.test(type)) return ["picture", /./, type];
  if (type === "application/pdf") return ["pdf", /./];
  if (type.startsWith("video/")) return ["video", /./];
  if (type.startsWith("text/") || type === "application/json") return ["text", /./];
  return undefined;
}

interface PreviewProps {
  s3: S3;
  bucket: string;
  name: string;
  version: string | undefined;
  headers: Headers;
}

/**
 * Strangers' bytes are shown as what cannot act: pictures in `img`, which runs no script of an SVG; text as text, web pages
 * too; a PDF in the browser's own viewer, which is no part of this page. The type is said here, never taken over.
 */
export function Preview({ s3, bucket, name, version, headers }: PreviewProps) {
  const size = Number(headers.get("content-length") ?? 0);
  const found = kindOf(name, headers.get("content-type") ?? "");
  if (!found || size === 0)
    return (
      <div class="card">
        <Empty icon="file">
          <p>{size === 0 ? t.emptyObject : t.noPreview}</p>
        </Empty>
      </div>
    );
  const [kind, , type = ""] = found;
  if (kind === "video" || kind === "audio") {
    const source = s3.ownLink(bucket, name, { versionId: version });
    const Player = kind;
    return (
      <div class="preview">
        <Player controls preload="metadata" src={source} aria-label={visible(name)} />
      </div>
    );
  }
  if (kind !== "text" && size > LIMITS[kind])
    return (
      <div class="card">
        <Empty icon="file">
          <p>{t.tooLargeToShow(bytes(size))}</p>
        </Empty>
      </div>
    );
  return <Fetched s3={s3} bucket={bucket} name={name} version={version} kind={kind} type={type} size={size} />;
}

function Fetched(props: Omit<PreviewProps, "headers"> & { kind: keyof typeof LIMITS; type: string; size: number }) {
  const { s3, bucket, name, version, kind, type, size } = props;
  const [url, text, failure] = [useSignal(""), useSignal(""), useSignal("")];
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const range = kind === "text" && size > LIMITS.text ? { range: `bytes=0-${LIMITS.text - 1}` } : {};
    const load = async () => {
      const query = { versionId: version };
      const answer = await s3.ask({ method: "GET", bucket, key: name, query, headers: range, signal });
      const bytes = await answer.arrayBuffer();
      if (kind === "text") text.value = new TextDecoder().decode(bytes);
      else url.value = URL.createObjectURL(new Blob([bytes], { type: kind === "pdf" ? "application/pdf" : type }));
    };
    load().catch((error: unknown) => {
      if (!signal.aborted) failure.value = words(error);
    });
    return () => {
      abort.abort();
      if (url.value !== "") URL.revokeObjectURL(url.value);
    };
  }, []);
  if (failure.value !== "") return <Notice tone="bad">{failure.value}</Notice>;
  if (url.value === "" && text.value === "") return <Loading />;
  if (kind === "text")
    return (
      <>
        {size > LIMITS.text && <Notice>{t.beginShown(bytes(LIMITS.text), bytes(size))}</Notice>}
        <div class="preview">
          {/* Focusable, so that it can be scrolled without a mouse. */}
          <pre tabIndex={0}>{visibleText(text.value)}</pre>
        </div>
      </>
    );
  if (kind === "picture")
    return (
      <div class="preview">
        <img src={url.value} alt={visible(name)} onError={() => (failure.value = t.brokenPicture)} />
      </div>
    );
  if (!navigator.pdfViewerEnabled)
    return (
      <div class="card">
        <Empty icon="file">
          <p>{t.noPdf}</p>
          <a class="button" href={url.value} download={name.split("/").at(-1)}>
            <Icon name="download" />
            {t.download}
          </a>
        </Empty>
      </div>
    );
  return (
    <div class="preview">
      <iframe src={url.value} title={visible(name)} />
    </div>
  );
}

/** Lines stay lines; what turns text around is shown. */
const visibleText = (text: string) =>
  text
    .split("\n")
    .map((line) => visible(line.replace(/\r$/, "").replaceAll("\t", "    ")))
    .join("\n");
