import { ConfigError } from "../../config/config-error.js";
import { loadChainConfig } from "../../config/load.js";
import type { ChainConfig } from "../../config/config.js";
import type { CessAccount } from "../../model/account.js";
import { InvalidAccount, parseAccount, type Signer } from "../../network/chain/accounts.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import { TerritoryReader } from "../../network/chain/territory-reader.js";
import { CommandError } from "../command-error.js";
import { signerOf } from "../gateway/signer.js";
import { keyOf, type KeyOptions } from "../wallet-key.js";

/** Which chain, and whose account. */
export interface WalletOptions extends KeyOptions {
  readonly config?: string;
  /** WebSocket URL of a chain node. */
  readonly chain?: string;
  /** The account whose wallet is elsewhere. */
  readonly account?: string;
}

/** A chain to ask, and perhaps an account to sign with. */
export interface Wallet {
  readonly session: ChainSession;
  readonly chain: TerritoryReader;
  /** The endpoint that a wallet elsewhere may use, too. */
  readonly endpoint: string;
  readonly signer: Signer | undefined;
  /** The signer's account, or the one that was named. Throws CommandError when there is neither. */
  readonly account: CessAccount;
}

/**
 * Does `work` with the chain and the account that the options name, and closes the connection. Rejects with CommandError
 * where the chain cannot be reached.
 */
export async function withWallet<T>(options: WalletOptions, work: (wallet: Wallet) => Promise<T>): Promise<T> {
  const { endpoints, signer } = await source(options);
  const named = options.account === undefined ? undefined : accountArgument(options.account);
  if (named !== undefined && signer !== undefined && named !== signer.account)
    throw new CommandError(`--account ${named} is not the account that signs, ${signer.account}: name one of them`);
  const session = new ChainSession({ endpoints });
  try {
    await session.ready();
    return await work({
      session,
      chain: new TerritoryReader(session),
      endpoint: endpoints[0] ?? "",
      signer,
      get account() {
        const account = named ?? signer?.account;
        if (account === undefined) throw noAccount();
        return account;
      },
    });
  } catch (error) {
    if (error instanceof ChainUnavailable) throw new CommandError(error.message, { cause: error });
    throw error;
  } finally {
    await session.close();
  }
}

/** Of the options what a command needs that signs nothing: `account` is whom it asks about, or the signer's. */
export function forReading(options: WalletOptions, account?: string): WalletOptions {
  if (account === undefined) return options;
  const { config, chain } = options;
  return { account, ...(config === undefined ? {} : { config }), ...(chain === undefined ? {} : { chain }) };
}

/** An account from the command line, as the chain's own address. Throws CommandError. */
export function accountArgument(text: string): CessAccount {
  try {
    return parseAccount(text);
  } catch (error) {
    if (error instanceof InvalidAccount) throw new CommandError(error.message, { cause: error });
    throw error;
  }
}

export function noAccount(): CommandError {
  return new CommandError(
    "no account was named: --mnemonic-file FILE (or --keystore FILE with --password-file FILE) signs with a wallet's key, " +
      "--config FILE with the gateway's own; --account ADDRESS with --print is for a wallet that is elsewhere",
  );
}

async function source(
  options: WalletOptions,
): Promise<{ readonly endpoints: readonly string[]; readonly signer: Signer | undefined }> {
  const { chain, mnemonicFile, keystore } = options;
  if (chain !== undefined && !/^wss?:\/\//.test(chain))
    throw new CommandError(
      `--chain must begin with ws:// or wss://, such as wss://testnet-rpc.cess.network: it is ${chain}`,
    );
  const own = mnemonicFile ?? keystore;
  // The configuration is not needed where the options say all, and is none in an empty folder.
  const configured = chain === undefined || options.config !== undefined ? configuredChain(options.config) : undefined;
  const endpoints = chain === undefined ? (configured?.endpoints ?? []) : [chain];
  if (own === undefined) {
    const foreign = options.account !== undefined;
    return { endpoints, signer: configured === undefined || foreign ? undefined : await signerOf(configured) };
  }
  return { endpoints, signer: await keyOf(options) };
}

function configuredChain(config: string | undefined): ChainConfig {
  try {
    return loadChainConfig(config);
  } catch (error) {
    if (config !== undefined || !(error instanceof ConfigError)) throw error;
    throw new CommandError(`${error.message}\nWithout a configuration, --chain URL names a chain node.`, {
      cause: error,
    });
  }
}
