import { ConfigError } from "../../config/config-error.js";
import { explain } from "../explain.js";
import { FolderLock } from "../folder-lock.js";
import { letHeapGrow } from "./heap-growth.js";
import type { ChildRole, StartMessage, Tell, ToChild } from "./messages.js";

/* What a process of the gateway runs that the primary has forked. It obeys the primary, and ends with it. */

process.umask(0o077);
// A terminal sends signals to all its processes: they are the primary's.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit(1));
letHeapGrow();

const tell: Tell = (message) => void process.send?.(message);

async function start(message: StartMessage): Promise<ChildRole> {
  if (message.role === "request") {
    const { startRequestProcess } = await import("./request-child.js");
    return startRequestProcess(message, tell);
  }
  const { startBackgroundProcess } = await import("./background-child.js");
  return startBackgroundProcess(message, tell);
}

let role: Promise<ChildRole> | undefined;
process.on("message", (message: ToChild) => {
  if (message.kind === "probe") tell({ kind: "alive" });
  else if (message.kind === "start") {
    FolderLock.join(message.config.dataDir);
    role ??= start(message);
    role.then(
      ({ urls }) => tell({ kind: "started", urls }),
      (error: unknown) => {
        const key = error instanceof ConfigError ? error.key : undefined;
        // Ended by the callback: what is not sent yet would be lost.
        process.send?.({ kind: "failed", message: explain(error), key }, () => process.exit(1));
      },
    );
  } else void role?.then((started) => started.obey(message));
});
tell({ kind: "ready" });
