import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile } from "../files/replace-file.js";

/**
 * Small state that may be lost, a JSON file for each key. A file is replaced whole, so a crash or a power cut leaves
 * the old one or the new one. Several gateways that share such state put a Keyv over Redis here.
 */
export class JsonFileStore {
  constructor(private readonly settings: { readonly folder: string }) {}

  /** Undefined when there is none, or it is no JSON. */
  async get(key: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.path(key), "utf8"));
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Calls for one key follow each other: that is for the caller to see to. */
  async set(key: string, value: unknown): Promise<void> {
    const path = this.path(key);
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, JSON.stringify(value));
  }

  private path(key: string): string {
    return join(this.settings.folder, `${key}.json`);
  }
}
