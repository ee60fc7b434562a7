import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { systemClock } from "../../async/system-clock.js";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite-catalog.js";
import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import type { CessAccount } from "../../model/account.js";
import type { Sealer } from "../../model/sealer.js";
import { CommandError } from "../command-error.js";
import { chainAccount } from "../gateway/configured-accounts.js";
import { payerOf } from "../gateway/journal.js";
import { mountCatalog, mountFolder } from "../gateway/mounts.js";
import { accountArgument } from "../territory/wallet.js";
import { run } from "./rebuild.js";

export interface TakeOverOptions {
  readonly config?: string;
  /** Address of the mount's account, where there are several mounts. */
  readonly owner?: string;
  readonly json?: boolean;
}

/**
 * `cess-s3 take-over`: the gateway whose buckets this one has mounted is gone, and this one goes on with them as its own. The
 * other one, should it come back, notices and ends.
 */
export async function runTakeOver({ config: file, owner, json }: TakeOverOptions): Promise<void> {
  const config = loadConfig(file);
  const { cessAccount, stream } = mountOf(config, owner);
  if (!config.journal.enabled)
    throw new ConfigError(
      "journal.enabled is false: by a journal of this gateway the other one, should it come back, finds that this one goes on",
      { key: "journal.enabled" },
    );
  await run("take-over", config, { json: json ?? false }, async (accounts, keys) => {
    const account = accounts.all.find((each) => each.cessAccount === cessAccount);
    if (!account)
      throw new ConfigError(
        `${cessAccount} is the CESS account of none of accounts: it is to own the buckets and the journals, so add it, with the territory ` +
          "that the other gateway named",
        { key: "accounts" },
      );
    // The other gateway looks for journals of this account alone.
    if (payerOf(accounts, config.journal.account)?.id !== account.id)
      throw new ConfigError(`must be ${account.displayName}, who has the other gateway's journals`, {
        key: "journal.account",
      });
    return { account, stream: stream ?? (await followed(config, cessAccount, keys)), noticed: true };
  });
  await rm(mountFolder(config.dataDir, cessAccount, stream), { recursive: true, force: true });
}

/** Which catalog the mount has followed: the account may have journals of this gateway as well. */
async function followed({ dataDir }: Config, account: CessAccount, sealer: Sealer): Promise<string> {
  const path = mountCatalog(dataDir, account, undefined);
  if (existsSync(path)) {
    const catalog = await openSqliteCatalog({ clock: systemClock, sealer }, { path });
    const { stream, rebuiltTo } = await catalog.journal.state();
    await catalog.close();
    if (rebuiltTo !== undefined) return stream;
  }
  throw new CommandError(
    `nothing of the mount ${account} was replayed here. If it was taken over already, remove it from mounts; else start with an empty ` +
      "data folder that has keys.json, and cess-s3 rebuild",
  );
}

function mountOf({ mounts }: Config, owner: string | undefined) {
  const all = mounts.flatMap(({ account, stream, gateway }, index) => {
    const at = `mounts[${index}].account`;
    // One bucket that is shared stays its owner's.
    return gateway === undefined ? [{ cessAccount: chainAccount(account, at, at), stream }] : [];
  });
  const wanted = owner === undefined ? all : all.filter(({ cessAccount }) => cessAccount === accountArgument(owner));
  const [mount, ...more] = wanted;
  if (mount && more.length === 0) return mount;
  const there = all.map(({ cessAccount }) => cessAccount).join(", ") || "none";
  throw new ConfigError(
    owner === undefined
      ? `there are mounts of ${there}: --owner says which one is taken over`
      : `--owner: of the mounts (${there}) there must be one of ${owner}`,
    { key: "mounts" },
  );
}
