import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile } from "../files/replace-file.js";

/**
 * Small state that may be lost, a JSON file for each key. A file is replaced whole, so a crash or a power cut leaves
 * the old one or the new one.
 */
export class JsonFileStore {
  constructor(private readonly settings: { readonly folder: string }) {}

  /** Undefined when there is no such file, or when it is not JSON. */
  async get(key: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.path(key), "utf8"));
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** The caller must not set one key twice at the same time. */
  async set(key: string, value: unknown): Promise<void> {
    const path = this.path(key);
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, JSON.stringify(value));
  }

  private path(key: string): string {
    return join(this.settings.folder, `${key}.json`);
  }
}
