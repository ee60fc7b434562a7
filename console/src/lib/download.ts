import { makeZip } from "client-zip";
import { t } from "../texts.js";
import { below } from "./listing.js";
import type { S3 } from "./s3.js";
import { safePath } from "./safe-path.js";

/** Bytes of a ZIP that is made in memory, where the browser cannot write to a file as it comes. */
const MEMORY_BYTES = 512 * 2 ** 20;

interface SaveWindow {
  readonly showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** The last part of a key, as a file's name. */
export const fileName = (key: string): string =>
  (key.replace(/\/+$/, "").split("/").at(-1) ?? "").replace(
    /[\u0000-\u001f"\\/:*?<>|\u202a-\u202e\u2066-\u2069]/g,
    "_",
  ) || "object";

/** The signed answer says that it is a file to save: it is never shown as a page. */
export function downloadLink(s3: S3, bucket: string, key: string, versionId?: string): string {
  const name = encodeURIComponent(fileName(key)).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  const disposition = `attachment; filename*=UTF-8''${name}`;
  return s3.ownLink(bucket, key, { versionId, "response-content-disposition": disposition });
}

/** Everything below a prefix as one ZIP, made as it is read. Resolves when it is written. */
export async function downloadFolder(
  s3: S3,
  bucket: string,
  prefix: string,
  onProgress: (bytes: number, files: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const name = `${prefix === "" ? bucket : fileName(prefix)}.zip`;
  const picker = (window as SaveWindow).showSaveFilePicker;
  // Asked for first: browsers allow it only shortly after a click.
  const target = picker && (await (await picker.call(window, { suggestedName: name })).createWritable());
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (!target && bytes > MEMORY_BYTES) throw new Error(t.zipTooLarge);
      controller.enqueue(chunk);
    },
  });
  const zip = makeZip(
    members(s3, bucket, prefix, signal, (files) => onProgress(bytes, files)),
    { buffersAreUTF8: true },
  );
  const stream = zip.pipeThrough(counted, { signal });
  if (target) return stream.pipeTo(target, { signal });
  save(await new Response(stream).blob(), name);
}

async function* members(s3: S3, bucket: string, prefix: string, signal: AbortSignal, tell: (files: number) => void) {
  let files = 0;
  for await (const { key, modified } of below(s3, bucket, prefix, signal)) {
    const name = safePath(key.slice(prefix.length));
    if (name === "" || key.endsWith("/")) continue;
    const input = await s3.ask({ method: "GET", bucket, key, signal });
    tell(++files);
    yield { name, input, lastModified: new Date(modified) };
  }
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
