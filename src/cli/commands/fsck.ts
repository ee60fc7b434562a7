import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemClock } from "../../async/system-clock.js";
import type { Catalog } from "../../catalog/catalog.js";
import { CatalogFile } from "../../catalog/sqlite/catalog-file.js";
import type { Config, KeyConfig } from "../../config/config.js";
import { ConfigError } from "../../config/config-error.js";
import { loadConfig, loadKeyConfig } from "../../config/load.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import type { KeyRing } from "../../keys/key-ring.js";
import { CatalogGuard } from "../../maintenance/catalog-guard.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import { recorded } from "../audit.js";
import { openGatewayFolder } from "../data-folder.js";
import { explain } from "../explain.js";
import { checkCache } from "../fsck/cache-check.js";
import { checkCatalog } from "../fsck/catalog-check.js";
import { checkChain } from "../fsck/chain-check.js";
import type { Finding, Findings } from "../fsck/finding.js";
import { checkOrphans, checkStaging } from "../fsck/staging-check.js";
import { Accounts } from "../gateway/accounts.js";
import { catalogPath, openCatalog } from "../gateway/catalog.js";
import { requireNoneRuns } from "../gateway/gateway-registration.js";
import { gatewayKeys } from "../gateway/gateway-keys.js";
import { findStaging } from "../gateway/staging.js";
import { JsonFileStore } from "../json-file-store.js";
import { plainLog } from "../log/logger.js";
import { Progress } from "../progress.js";

export interface FsckOptions {
  readonly config?: string;
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly acceptCatalog?: boolean;
  /** False for `--no-chain`. */
  readonly chain: boolean;
}

/** Exit codes: nothing is wrong, or all was mended; something is; it could not be found out. */
const CODES = { clean: 0, findings: 1, failed: 2 };

/** `cess-s3 fsck`: compares catalog, staging, cache and chain, and mends what can be mended safely. */
export async function runFsck(options: FsckOptions): Promise<void> {
  try {
    process.exitCode = await check(options);
  } catch (error) {
    console.error(`cess-s3: ${explain(error)}`);
    process.exitCode = CODES.failed;
  }
}

async function check(options: FsckOptions): Promise<number> {
  const full = options.chain ? loadConfig(options.config) : undefined;
  const config: KeyConfig = full ?? loadKeyConfig(options.config);
  const path = catalogPath(resolve(config.dataDir));
  if (!config.catalog.url && !(await stat(path).catch(() => undefined)))
    throw new ConfigError(`there is no catalog at ${path}: is dataDir (CESS_S3_DATA_DIR) right?`);
  const folder = await openGatewayFolder(config.dataDir, "cess-s3 fsck", plainLog);
  const report = new Report(options.json === true);
  const look = () => checkFolder(options, config, full, report);
  const { repair = false, acceptCatalog = false } = options;
  const act = { act: "fsck", subject: "data folder", details: { repair, acceptCatalog } };
  try {
    await (repair || acceptCatalog ? recorded(folder.path, act, look, () => report.summary) : look());
    return report.end();
  } finally {
    folder.close();
  }
}

async function checkFolder(
  options: FsckOptions,
  config: KeyConfig,
  full: Config | undefined,
  report: Report,
): Promise<void> {
  // PostgreSQL checks its pages itself, where it was set up with checksums.
  if (!config.catalog.url) await report.add(checkPages(catalogPath(resolve(config.dataDir))));
  // What cannot be trusted is not written to.
  if (!report.clean) return;
  const { keys } = await gatewayKeys(config, plainLog);
  const catalog = await openCatalog(config, { clock: systemClock, sealer: keys });
  try {
    // The lock of the data folder says nothing of gateways of other folders.
    const changes = options.repair === true || options.acceptCatalog === true;
    if (changes && config.catalog.url) await requireNoneRuns(catalog, systemClock, "cess-s3 fsck with --repair");
    await checkAll(options, config, catalog, keys, full, report);
  } finally {
    await catalog.close();
    await keys.close();
  }
}

async function checkAll(
  options: FsckOptions,
  config: KeyConfig,
  catalog: Catalog,
  keys: KeyRing,
  full: Config | undefined,
  report: Report,
): Promise<void> {
  const repair = options.repair === true;
  const dataDir = resolve(config.dataDir);
  const guard = await CatalogGuard.open({
    catalog,
    clock: systemClock,
    store: new JsonFileStore({ folder: dataDir }),
  });
  const staging = await findStaging({ ...config, reserveBytes: undefined }, catalog);
  const blobs = await staging.open({ several: catalog.shared });
  try {
    await report.add(checkMark(guard, options.acceptCatalog === true));
    await report.add(checkKeys(catalog, keys));
    await report.add(checkCatalog(catalog, repair));
    await report.add(checkStaging({ catalog, blobs }, repair));
    // A catalog that went back does not know what is garbage.
    await report.add(checkOrphans({ catalog, blobs }, repair && guard.fault === undefined));
    await report.add(checkCache(join(dataDir, "cache"), repair, report.progress));
    if (full) await report.add(compareWithChain(full, catalog, keys, report.progress));
    await guard.close();
  } finally {
    await blobs.close();
  }
}

async function* compareWithChain(config: Config, catalog: Catalog, keys: KeyRing, progress: Progress): Findings {
  const session = new ChainSession({ endpoints: config.chain.endpoints });
  try {
    progress.show(() => `connecting to ${config.chain.endpoints.join(", ")}`);
    await session.ready().catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`the chain does not answer: ${why}. --no-chain checks the rest without it`, { cause });
    });
    yield* checkChain({
      catalog,
      chain: session.reader,
      accounts: new Accounts(config.accounts, keys).all,
      orderNames: new OrderNames(keys.derive(ORDER_NAMES)),
      progress,
    });
  } finally {
    await session.close();
  }
}

async function* checkPages(path: string): Findings {
  const catalog = await CatalogFile.open(path);
  try {
    for (const fault of catalog.faults())
      yield {
        kind: "catalog-damaged",
        subject: path,
        meaning: `SQLite finds it damaged: ${fault}`,
        remedy: "restore a backup with cess-s3 restore; nothing else was checked",
        repaired: false,
      };
  } finally {
    catalog.close();
  }
}

async function* checkMark(guard: CatalogGuard, accept: boolean): Findings {
  const { fault } = guard;
  if (fault === undefined) return;
  if (accept) await guard.accept();
  yield {
    kind: "catalog-went-back",
    subject: "the catalog",
    meaning: `${fault}. Objects that it does not know may have their only copy in staging`,
    remedy: accept
      ? "it was accepted as it is; what it does not know goes to quarantine"
      : "put the newest catalog back; or accept this one with --accept-catalog",
    repaired: accept,
  };
}

async function* checkKeys(catalog: Catalog, keys: KeyRing): Findings {
  for (const id of await catalog.keyUses.all())
    if (!keys.has(id))
      yield {
        kind: "key-missing",
        subject: `the key ${id}`,
        meaning: "objects in the catalog are encrypted with it, and cannot be read without it",
        remedy: "put the key file back, or the old key behind the new one (docs/encryption.md)",
        repaired: false,
      };
}

/** Prints findings as they come, for people; or all at the end, as JSON. */
class Report {
  readonly progress = new Progress();
  private readonly findings: Finding[] = [];

  constructor(private readonly asJson: boolean) {}

  get clean(): boolean {
    return this.findings.length === 0;
  }

  async add(findings: Findings): Promise<void> {
    for await (const finding of findings) {
      this.progress.end();
      this.findings.push(finding);
      if (!this.asJson) console.log(text(finding));
    }
    this.progress.end();
  }

  get summary(): string {
    if (this.clean) return "nothing is wrong";
    return `${this.findings.length} findings, ${this.findings.length - this.unrepaired} of them mended`;
  }

  /** Returns the exit code. */
  end(): number {
    const { findings, unrepaired } = this;
    console.log(this.asJson ? JSON.stringify({ findings, unrepaired }, undefined, 2) : this.summary);
    return unrepaired === 0 ? CODES.clean : CODES.findings;
  }

  private get unrepaired(): number {
    return this.findings.filter(({ repaired }) => !repaired).length;
  }
}

function text({ kind, subject, meaning, remedy, repaired }: Finding): string {
  return `${repaired ? "mended" : "found"} ${kind}: ${subject}\n  ${meaning}\n  ${remedy}`;
}
