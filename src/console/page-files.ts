import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

/** Encodings that the build made, the smallest first, by what stands behind a file's name. */
const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;
type Encoding = (typeof ENCODINGS)[number][0];

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** A file of the page, in memory. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  /** Its name has a hash of its content: it never changes. */
  readonly immutable: boolean;
  readonly plain: Buffer;
  readonly encoded: ReadonlyMap<Encoding, Buffer>;
}

/** The built page. All of it is in memory, less than 1 MiB: no path of a request ever names a file on the disk. */
export class PageFiles {
  private constructor(private readonly files: ReadonlyMap<string, PageFile>) {}

  /** A folder that is not there has no files. */
  static async load(folder: string): Promise<PageFiles> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    });
    const bytes = new Map<string, Buffer>();
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      bytes.set(
        path
          .slice(folder.length)
          .replace(/^[/\\]+/, "")
          .replaceAll("\\", "/"),
        await readFile(path),
      );
    }
    return PageFiles.of(bytes);
  }

  /** `bytes`: by path relative to the page, such as `assets/index-4f2a.js` and `assets/index-4f2a.js.br`. */
  static of(bytes: ReadonlyMap<string, Buffer>): PageFiles {
    const files = new Map<string, PageFile>();
    for (const [name, plain] of bytes) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const encoded = new Map<Encoding, Buffer>();
      for (const [encoding, suffix] of ENCODINGS) {
        const made = bytes.get(`${name}${suffix}`);
        if (made) encoded.set(encoding, made);
      }
      const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
      files.set(name, { type, etag, immutable: name.startsWith("assets/"), plain, encoded });
    }
    return new PageFiles(files);
  }

  get(name: string): PageFile | undefined {
    return this.files.get(name === "" ? "index.html" : name);
  }
}

/** The smallest form of a file that the client takes. */
export function encodingFor(file: PageFile, accept: string): { readonly body: Buffer; readonly encoding?: Encoding } {
  const taken = new Set(
    accept
      .toLowerCase()
      .split(",")
      .map((each) => each.split(";"))
      .filter(([, weight = ""]) => !/^\s*q=0(?:\.0*)?\s*$/.test(weight))
      .map(([name = ""]) => name.trim()),
  );
  for (const [encoding] of ENCODINGS) {
    const body = file.encoded.get(encoding);
    if (body && taken.has(encoding)) return { body, encoding };
  }
  return { body: file.plain };
}
