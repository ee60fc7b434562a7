import { randomUUID } from "node:crypto";
import type { PlaceFiles } from "../place-files.js";
import type { S3Store } from "./s3-store.js";

/** Small objects beside the staged bytes. */
export class S3PlaceFiles implements PlaceFiles {
  constructor(private readonly store: S3Store) {}

  get name(): string {
    return this.store.url();
  }

  async read(file: string): Promise<string | undefined> {
    return (await this.store.whole(file))?.toString();
  }

  async write(file: string, text: string): Promise<void> {
    await this.store.put(file, Buffer.from(text));
  }

  /** What the store does not do that staging rests on, in words; undefined when it does all. */
  async fault(): Promise<string | undefined> {
    const { store } = this;
    const key = `check/${randomUUID()}`;
    const text = Buffer.from("0123456789");
    await store.put(key, text);
    try {
      if ((await store.whole(key))?.equals(text) !== true) return "what was put cannot be read at once";
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.read(key, { start: 2, end: 5 })) chunks.push(chunk);
      if (Buffer.concat(chunks).toString() !== "234") return "ranges of objects are not what they should be";
      const listed = [];
      for await (const found of store.list("check/")) listed.push(found);
      const found = listed.find((one) => one.key === key);
      if (!found) return "what was put is not listed at once";
      if (found.size !== text.length) return "sizes in listings are wrong";
      if (!store.tellsTime) return "answers have no Date, by which the age of objects is told";
      if (!(await store.renew(key))) return "an object cannot be copied onto itself";
      return undefined;
    } finally {
      await store.delete(key);
    }
  }
}
