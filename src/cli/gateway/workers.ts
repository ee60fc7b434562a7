import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import { heldWhile } from "../../background/held-worker.js";
import type { Worker } from "../../background/worker.js";
import type { Config } from "../../config/config.js";
import { readSecret } from "../../config/secret.js";
import { LifecycleWorker } from "../../maintenance/lifecycle-worker.js";
import { Notifier } from "../../maintenance/notifier.js";
import { OrphanSweeper } from "../../maintenance/orphan-sweeper.js";
import { PreparationGc } from "../../maintenance/preparation-gc.js";
import { QuarantineKeeper } from "../../maintenance/quarantine-keeper.js";
import { RegistrySaver } from "../../maintenance/registry-saver.js";
import { TakeOverGc } from "../../maintenance/take-over-gc.js";
import { UploadGc } from "../../maintenance/upload-gc.js";
import type { Services } from "./services.js";

/** Gives the supervisor all that goes on in the background. */
export async function startWorkers(services: Services, config: Config, log: Logger): Promise<void> {
  const { catalog, blobs, guard, supervisor, distribution, packer, registry, scrubber, repairer } = services;
  const { lifecycleDayMs, notifications, quarantine } = config;
  await catalog.jobs.releaseAll();
  // Nothing is destroyed because of a catalog that went back.
  const held = (worker: Worker) => heldWhile(() => guard.fault !== undefined, worker);
  for (const { worker, concurrency } of distribution.workers)
    supervisor.add(worker.name === "delete" ? held(worker) : worker, concurrency);
  for (const worker of [packer, scrubber, held(repairer)]) supervisor.add(worker);
  const shared = { catalog, blobs, clock: systemClock };
  for (const worker of [
    guard,
    held(new OrphanSweeper({ ...shared, log })),
    held(
      new QuarantineKeeper(shared, {
        keepMs: quarantine.days * 86_400_000,
        minFreeBytes: quarantine.minFreeBytes,
      }),
    ),
    new PreparationGc(shared),
    new UploadGc(shared),
    held(new TakeOverGc({ ...shared, onWork: () => wakeAll(services) })),
    new RegistrySaver({ registry, clock: systemClock }),
    held(new LifecycleWorker({ ...shared, onWork: () => wakeAll(services) }, { dayMs: lifecycleDayMs })),
  ])
    supervisor.add(worker);
  const webhooks = notifications.webhooks.map(({ name, url, tokenFile }, index) => ({
    name,
    url,
    ...(tokenFile === undefined
      ? {}
      : { token: webhookToken(tokenFile, `notifications.webhooks[${index}].tokenFile`) }),
  }));
  supervisor.add(new Notifier({ ...shared, webhooks, log }, { maxAgeMs: notifications.maxAgeDays * 86_400_000 }));
  distribution.watch();
}

/** What requests make work for. */
export function wakeAll({ supervisor, distribution }: Services): void {
  for (const { worker } of distribution.workers) supervisor.wake(worker.name);
  supervisor.wake("notifier");
}

/** Read for each delivery: it may be renewed. Throws ConfigError when it cannot be read, now or then. */
function webhookToken(file: string, setting: string): () => string {
  const read = () => readSecret(file, setting);
  read();
  return read;
}
