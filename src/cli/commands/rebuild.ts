import { resolve } from "node:path";
import { systemClock } from "../../async/system-clock.js";
import type { Catalog } from "../../catalog/catalog.js";
import { knownMigrations } from "../../catalog/migrations.js";
import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import { JournalDamaged } from "../../journal/journal-damaged.js";
import { Rebuild, type RebuildReport } from "../../journal/rebuild.js";
import { JOURNAL_KEYS } from "../../journal/sealed-journal.js";
import { CATALOG_MARK } from "../../maintenance/catalog-guard.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { Account } from "../../model/account.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import { recorded } from "../audit.js";
import { CommandError } from "../command-error.js";
import { openGatewayFolder } from "../data-folder.js";
import { Accounts } from "../gateway/accounts.js";
import { openCatalog } from "../gateway/catalog.js";
import { requireNoneRuns } from "../gateway/gateway-registration.js";
import { gatewayKeys, type GatewayKeys } from "../gateway/gateway-keys.js";
import { payerOf } from "../gateway/journal.js";
import { JsonFileStore } from "../json-file-store.js";
import { plainLog } from "../log/logger.js";
import { Progress } from "../progress.js";
import { plainText } from "../text.js";
import { accountArgument } from "../territory/wallet.js";
import { withNetworkReader } from "../verify/network-reader.js";

export interface RebuildOptions {
  readonly config?: string;
  /** Which catalog, where the account has journals of several. */
  readonly stream?: string;
  /** Address of the account that owns the journals; by default that of `journal.account`. */
  readonly owner?: string;
  readonly json?: boolean;
}

/** `cess-s3 rebuild`: makes the catalog of a gateway that is lost, from the journals on CESS and the master key. */
export async function runRebuild(options: RebuildOptions): Promise<void> {
  const config = loadConfig(options.config);
  await run("rebuild", config, options, (accounts) =>
    Promise.resolve({ account: ownerOf(accounts, config, options.owner), stream: options.stream }),
  );
}

/** What a command makes a catalog from. */
interface Origin {
  readonly account: Account;
  readonly stream: string | undefined;
  /** The other gateway may come back, and must find that this one goes on. */
  readonly noticed?: boolean;
}
type OriginOf = (accounts: Accounts, keys: KeyRing) => Promise<Origin>;

/** Makes the catalog, prints the report, and records it. */
export async function run(
  act: "rebuild" | "take-over",
  config: Config,
  { json }: Pick<RebuildOptions, "json">,
  originOf: OriginOf,
): Promise<void> {
  const command = `cess-s3 ${act}`;
  const keys = await gatewayKeys(config, plainLog);
  if (keys.create)
    throw new ConfigError(
      "there is no key file: only the master key that the lost gateway had opens its journals. Put keys.json back, or name " +
        "it in encryption.keyFile (CESS_S3_KEY_FILE)",
      { key: "encryption.keyFile" },
    );
  const folder = await openGatewayFolder(config.dataDir, command, plainLog);
  const progress = new Progress();
  try {
    const report = await recorded(folder.path, { act, subject: resolve(config.dataDir) }, () =>
      rebuild(command, config, keys, originOf, progress),
    );
    progress.end();
    console.log(json ? JSON.stringify(report, undefined, 2) : textOf(report));
  } catch (error) {
    if (error instanceof JournalDamaged || error instanceof ChainUnavailable)
      throw new CommandError(error.message, { cause: error });
    throw error;
  } finally {
    progress.end();
    folder.close();
    await keys.keys.close();
  }
}

async function rebuild(
  command: string,
  config: Config,
  { keys }: GatewayKeys,
  originOf: OriginOf,
  progress: Progress,
): Promise<RebuildReport> {
  const accounts = new Accounts(config.accounts, keys);
  const { account, stream, noticed } = await originOf(accounts, keys);
  const catalog = await openCatalog(config, { clock: systemClock, sealer: keys, shared: false });
  const session = new ChainSession({ endpoints: config.chain.endpoints });
  try {
    await requireNoneRuns(catalog, systemClock, command);
    progress.show(() => `connecting to ${config.chain.endpoints.join(", ")}`);
    await session.ready();
    const schemas = await knownMigrations();
    const found: RebuildReport[] = [];
    const reading = withNetworkReader(session, { allowPrivate: config.allowPrivateNodes }, async function* (retrieval) {
      const making = new Rebuild({
        catalog,
        chain: session.reader,
        files: retrieval.files,
        retrieval,
        keys: keys.derive(JOURNAL_KEYS),
        names: new OrderNames(keys.derive(ORDER_NAMES)),
        ...(noticed && { ownNames: new OrderNames(keys.derive(ORDER_NAMES).slice(0, 1)) }),
        schemas,
        accounts: async () => {
          await accounts.load(catalog);
          return accounts;
        },
        clock: systemClock,
        progress: (text) => progress.show(() => text),
      });
      yield await making.run(account, stream);
    });
    for await (const report of reading) found.push(report);
    const [report] = found;
    if (!report) throw new Error("nothing was rebuilt");
    await mark(config, catalog);
    return report;
  } finally {
    await session.close();
    await catalog.close();
  }
}

/** The place where gateways look whether the catalog went back. */
async function mark({ dataDir }: Config, catalog: Catalog): Promise<void> {
  await new JsonFileStore({ folder: resolve(dataDir) }).set(CATALOG_MARK, await catalog.mark.advance());
}

function ownerOf(accounts: Accounts, { journal }: Config, owner: string | undefined): Account {
  if (owner !== undefined) {
    const cessAccount = accountArgument(owner);
    const configured = accounts.all.find((each) => each.cessAccount === cessAccount);
    if (configured) return configured;
    throw new ConfigError(`--owner: ${owner} is the CESS account of none of accounts`, { key: "accounts" });
  }
  const account = payerOf(accounts, journal.account);
  if (!account)
    throw new ConfigError("there is no account that could have journals: accounts is empty", { key: "accounts" });
  return account;
}

function textOf(report: RebuildReport): string {
  const { stream, journals, readAt, files, lost, missing, unchecked, unknown, seconds } = report;
  const object = ({ bucket, key, versionId, size }: RebuildReport["lost"][number]) =>
    plainText(`${bucket}/${key}${versionId === "null" ? "" : ` (version ${versionId})`}, ${size} bytes`);
  return [
    `The catalog ${stream} is as it was at ${readAt}: rebuilt from ${journals.length} files, ${journals.join(", ")}`,
    `${files} files on CESS have its objects`,
    ...lost.map((each) => `lost: ${object(each)}`),
    ...missing.map(({ fid, owner }) => `not on the chain any more: file ${fid} of ${owner}`),
    ...unchecked.map(({ fid, owner }) => `not looked up: file ${fid} of ${owner}, which is no account any more`),
    ...unknown.map(({ account, fid }) => `not of this catalog: file ${fid} of ${account}`),
    lost.length === 0
      ? "No object is lost of those that the journals have"
      : `${lost.length} objects are lost: GET refuses them; put them again`,
    `Finding journals took ${seconds.finding} s, reading them ${seconds.reading} s, replaying them ${seconds.replaying} s, ` +
      `looking up files ${seconds.lookingUp} s, counting ${seconds.counting} s`,
  ].join("\n");
}
