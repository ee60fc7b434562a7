/** Content types by the extension of a file's name, in lower case and without its dot. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  htm: "text/html",
  html: "text/html",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
  xml: "application/xml",
  zip: "application/zip",
};

/** The content type of files with this extension (`png` or `.PNG`); undefined for one that is not known. */
export function contentTypeOf(extension: string): string | undefined {
  const name = extension.replace(/^\./, "").toLowerCase();
  return Object.hasOwn(CONTENT_TYPES, name) ? CONTENT_TYPES[name] : undefined;
}

/** The content type of a file of this name, by what follows its last dot. */
export function contentTypeOfName(fileName: string): string | undefined {
  const dot = fileName.lastIndexOf(".");
  return dot < 0 ? undefined : contentTypeOf(fileName.slice(dot));
}
