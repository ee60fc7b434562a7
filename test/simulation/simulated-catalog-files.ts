import { statSync } from "node:fs";
import { machine } from "./machine.js";

/**
 * In the place of node:fs/promises for the catalog: the files are real (SQLite writes them), but a sync is virtual. It
 * takes its time, and only then does the log count as being on the disk as far as it went when the sync began.
 */
export function mkdir(): Promise<void> {
  return Promise.resolve();
}

export function open(path: string): Promise<object> {
  const sync = async () => {
    const { owner, diskMs } = machine();
    const written = path.endsWith("-wal") ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0;
    await owner.sleep(2 * diskMs());
    const { catalogSynced } = machine();
    machine().catalogSynced = Math.max(catalogSynced, written);
  };
  return Promise.resolve({ sync, datasync: sync, close: () => Promise.resolve() });
}
