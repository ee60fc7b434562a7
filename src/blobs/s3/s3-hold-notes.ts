import type { HoldNotes } from "../shared-holds.js";
import { FOLDERS } from "./s3-keys.js";
import type { S3Store } from "./s3-store.js";

/** Holds as empty objects, which count for `holdMs` after they were written. */
export function holdNotes(store: S3Store, holdMs: number): HoldNotes {
  return {
    make: (name) => store.put(FOLDERS.holds + name, Buffer.alloc(0)),
    drop: (name) => store.delete(FOLDERS.holds + name),
    async *found() {
      for await (const { key, ageMs } of store.list(FOLDERS.holds))
        yield { name: key.slice(FOLDERS.holds.length), old: ageMs > holdMs };
    },
  };
}
