import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import { readSecret } from "../../config/secret.js";
import type { Settings } from "../../config/settings.js";
import { Accounts } from "../gateway/accounts.js";
import { gatewayKeys, type GatewayKeys } from "../gateway/gateway-keys.js";
import { placementPolicy } from "../gateway/placement.js";
import { signerOf } from "../gateway/signer.js";
import type { Signer } from "../../network/chain/accounts.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const CHECK = "configuration";

export interface CheckedConfiguration {
  readonly findings: readonly Finding[];
  /** Undefined when it cannot be read. */
  readonly signer: Signer | undefined;
  readonly accounts: Accounts | undefined;
}

/** What the configuration names, read as a start would read it; nothing is written. */
export async function configuration(settings: Settings, config: Config): Promise<CheckedConfiguration> {
  const findings: Finding[] = [];
  const read = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await settings.locate(async () => work());
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (isDataFolders(error, config)) return undefined;
      findings.push(failure(CHECK, error.message, "correct it, or the file that it names"));
      return undefined;
    }
  };
  // named-files tells of exposed files.
  const log = { warn: () => undefined };
  const keys: GatewayKeys | undefined = await read(() => gatewayKeys(config, log));
  const accounts = keys && (await read(() => new Accounts(config.accounts, keys.keys)));
  const signer = await read(() => signerOf(config.chain));
  await read(() => placementPolicy(config.placement));
  for (const [index, { tokenFile }] of config.notifications.webhooks.entries())
    if (tokenFile !== undefined) await read(() => readSecret(tokenFile, `notifications.webhooks[${index}].tokenFile`));
  await keys?.keys.close();
  if (config.trustProxy && !isPrivate(config.listen.host))
    findings.push(
      warning(
        CHECK,
        "trustProxy is true, and listen takes connections from everywhere: clients can claim any address",
        "let only the proxy reach listen, or set trustProxy: false",
      ),
    );
  const where = settings.path ?? "the environment";
  return {
    findings: findings.length > 0 ? findings : [ok(CHECK, `${where} is valid, and its secrets can be read`)],
    signer,
    accounts,
  };
}

/** Whether the key file cannot be read because of the data folder that it is in: that is another check's. */
function isDataFolders(error: ConfigError, { encryption }: Config): boolean {
  return encryption.keyFile === undefined && systemCode(error) === "ENOTDIR";
}

/** The code of the operating system's error that is behind one. */
function systemCode(error: unknown): unknown {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? (cause === undefined ? undefined : systemCode(cause));
}

const isPrivate = (host: string) => host !== "0.0.0.0" && host !== "::";
