import { userInfo } from "node:os";
import { join } from "node:path";
import type { AuditLog, AuditRecord } from "../admin/audit-log.js";
import { RotatedLog } from "../files/rotated-log.js";

/** Size and number of the files that are kept: up to 100 MiB of acts, each about 300 bytes. */
const ROTATION = { fileBytes: 10 * 2 ** 20, files: 10 };

interface Log {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** `audit.log` in a data folder that this process holds, and the program's log. */
export function openAuditLog(dataDir: string, log: Log): AuditLog {
  const lines = new RotatedLog({ path: join(dataDir, "audit.log"), ...ROTATION });
  return {
    async record(record: AuditRecord): Promise<void> {
      log.info({ audit: record }, "an administrative act");
      try {
        await lines.append(JSON.stringify({ time: new Date().toISOString(), ...record }));
      } catch (error) {
        // The act is done, and what frees a full disk must go on.
        log.error({ err: error, audit: record }, "an administrative act could not be written to audit.log");
      }
    },
  };
}

/** What a command does to a data folder, for the audit log. */
export interface OfflineAct {
  /** The command, such as `restore`. */
  readonly act: string;
  readonly subject: string;
  readonly details?: object;
}

/**
 * Does what a command is for, on a data folder that it holds, and records how it ended: what `resultOf` says, or `failed`
 * with the reason. Rejects as `work` does.
 */
export async function recorded<T>(
  dataDir: string,
  act: OfflineAct,
  work: () => Promise<T>,
  resultOf: (done: T) => string = () => "done",
): Promise<T> {
  const record = (result: string) => offlineAuditLog(dataDir).record({ ...act, by: offlineUser(), result });
  try {
    const done = await work();
    await record(resultOf(done));
    return done;
  } catch (error) {
    await record(`failed: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

/** Who runs a command that needs no gateway, for `AuditRecord.by`. */
export const offlineUser = () => `${processUser()}, on the data folder`;

/** For a command that holds the data folder while no gateway runs: a person reads what it prints. */
export function offlineAuditLog(dataDir: string): AuditLog {
  const error = ({ err }: { readonly err?: unknown }, message: string) =>
    console.error(`cess-s3: ${message}: ${err instanceof Error ? err.message : String(err)}`);
  return openAuditLog(dataDir, { info: () => undefined, error });
}

/** The user that this process runs as, for `AuditRecord.by`. */
export function processUser(): string {
  const uid = process.getuid?.();
  const suffix = uid === undefined ? "" : ` (uid ${uid})`;
  try {
    return `user ${userInfo().username}${suffix}`;
  } catch {
    // A container's user may have no name.
    return `user${suffix}`;
  }
}
