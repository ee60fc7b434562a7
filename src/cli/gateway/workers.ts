import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import { coalesced } from "../../async/timer.js";
import { heldWhile } from "../../background/held-worker.js";
import type { Worker } from "../../background/worker.js";
import type { Config } from "../../config/config.js";
import { readSecret } from "../../config/secret.js";
import { HELD_BY_FENCE } from "../../journal/journal-fence.js";
import { LifecycleWorker } from "../../maintenance/lifecycle-worker.js";
import { Notifier } from "../../maintenance/notifier.js";
import { OrphanSweeper } from "../../maintenance/orphan-sweeper.js";
import { PreparationGc } from "../../maintenance/preparation-gc.js";
import { QuarantineKeeper } from "../../maintenance/quarantine-keeper.js";
import { RegistrySaver } from "../../maintenance/registry-saver.js";
import { TakeOverGc } from "../../maintenance/take-over-gc.js";
import { UploadGc } from "../../maintenance/upload-gc.js";
import type { Accounts } from "./accounts.js";
import { requireOurs } from "./journal.js";
import { limitsWorker } from "../state/limits.js";
import { WAKE_MS } from "./s3-side.js";
import type { Services } from "./services.js";

/** Between two looks whether another process has changed accounts, ms. */
const ACCOUNTS_MS = 1_000;

/**
 * Gives the supervisor all that goes on in the background. Jobs are leased, so every gateway works at them. Of the other
 * workers one of all gateways runs those that `single` is asked for: their rounds and budgets are for all, or what they do
 * (money spent, events in order, failures counted) must not be done by two. The others are about what each gateway has for
 * itself. Rejects with ConfigError where another gateway goes on in the place of this one.
 */
export async function startWorkers(
  services: Services,
  accounts: Pick<Accounts, "current">,
  config: Config,
  log: Logger,
): Promise<void> {
  const { catalog, blobs, guard, supervisor, distribution, packer, registry, scrubber, repairer, single, journal } =
    services;
  const { lifecycleDayMs, notifications, quarantine } = config;
  await requireOurs(journal, log);
  await catalog.jobs.releaseOwn();
  if (catalog.shared) await catalog.locks.releaseOwn();
  // Nothing is destroyed because of a catalog that went back.
  const held = (worker: Worker) => heldWhile(() => guard.fault !== undefined, worker);
  const { fence } = journal;
  const fenced = (worker: Worker) => {
    if (!fence || !HELD_BY_FENCE.includes(worker.name)) return worker;
    return heldWhile(() => !fence.isFresh, worker);
  };
  for (const { worker, concurrency } of distribution.workers)
    supervisor.add(worker.name === "delete" ? held(fenced(worker)) : worker, concurrency);
  const own = { catalog, blobs, clock: systemClock };
  const over = (worker: string) => ({ ...own, catalog: single.catalogOf(worker) });
  for (const worker of [
    // Its mark tells what this gateway has seen of the catalog.
    guard,
    // Of this gateway's staging and state.
    held(new OrphanSweeper({ ...own, log })),
    held(
      new QuarantineKeeper(own, {
        keepMs: quarantine.days * 86_400_000,
        minFreeBytes: quarantine.minFreeBytes,
      }),
    ),
    new RegistrySaver({ registry, clock: systemClock }),
    single.run(packer),
    single.run(scrubber),
    single.run(new PreparationGc(over("preparation-gc"))),
    single.run(new UploadGc(over("upload-gc"))),
    // What is held takes no lock: another gateway may see the newest catalog.
    ...[
      fenced(repairer),
      new TakeOverGc({ ...over("take-over-gc"), onWork: () => wakeAll(services) }),
      // A catalog that went back must not tell a rebuild what there is.
      journal.worker,
      services.shares.worker,
      new LifecycleWorker({ ...over("lifecycle"), onWork: () => wakeAll(services) }, { dayMs: lifecycleDayMs }),
    ].map((worker) => held(single.run(worker))),
  ])
    supervisor.add(worker);
  const webhooks = notifications.webhooks.map(({ name, url, tokenFile }, index) => ({
    name,
    url,
    ...(tokenFile === undefined
      ? {}
      : { token: webhookToken(tokenFile, `notifications.webhooks[${index}].tokenFile`) }),
  }));
  const notifier = new Notifier(
    { ...over("notifier"), webhooks, log },
    { maxAgeMs: notifications.maxAgeDays * 86_400_000 },
  );
  supervisor.add(single.run(notifier));
  // Each gateway replays into its own data folder.
  for (const follower of services.followers) supervisor.add(follower);
  supervisor.add(services.registration);
  // The operator may ask any gateway, and one of them has the packer.
  services.catalog.onAnnounced("flush", () => void services.packer.flush().catch(() => undefined));
  services.catalog.onAnnounced("journal", () => {
    journal.flush?.();
    services.shares.worker.flush();
  });
  if (fence) supervisor.add(fence);
  if (services.limits) supervisor.add(limitsWorker(services.limits, systemClock));
  supervisor.add(freshAccounts(accounts));
  distribution.watch();
}

/** Keeps accounts new for work that no request waits for: packs and orders are charged to them. */
function freshAccounts(accounts: Pick<Accounts, "current">): Worker {
  const step = async () => {
    await accounts.current();
    return { kind: "idle", until: systemClock.now() + ACCOUNTS_MS } as const;
  };
  return { name: "accounts", step };
}

/** Other gateways are told no more often than this that there is work, ms. */
const ANNOUNCE_MS = 200;

/** To be called for each request that makes work: wakes the workers here, and those of other gateways a little later. */
export function workNotice(services: Services): () => void {
  const { catalog, registration } = services;
  const wake = coalesced(systemClock, WAKE_MS, () => wakeAll(services));
  if (!registration.several) return wake;
  catalog.onAnnounced("work", wake);
  const announce = coalesced(systemClock, ANNOUNCE_MS, () => catalog.announce("work"));
  return () => {
    wake();
    announce();
  };
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
