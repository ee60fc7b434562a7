import type { AccountConfig } from "../config/config.js";
import { ConfigError, readSecret } from "../config/load.js";
import type { AccessKey, Account, CessAccount } from "../model/account.js";
import { parseAccount, publicKeyOf } from "../network/chain/accounts.js";

/** The configured S3 accounts, by access key and by canonical ID. */
export class Accounts {
  readonly #byAccessKey = new Map<string, AccessKey>();
  readonly #byId = new Map<string, Account>();

  constructor(configured: readonly AccountConfig[]) {
    for (const entry of configured) this.#add(entry);
  }

  readonly lookup = (accessKeyId: string): Promise<AccessKey | undefined> => Promise.resolve(this.#byAccessKey.get(accessKeyId));
  readonly owner = (id: string): Account | undefined => this.#byId.get(id);

  get all(): readonly Account[] {
    return [...this.#byId.values()];
  }

  #add({ name, cessAccount, territory, accessKeyId, secretAccessKey, secretAccessKeyFile, readsNetwork }: AccountConfig): void {
    const secret = secretAccessKey ?? (secretAccessKeyFile === undefined ? undefined : readSecret(secretAccessKeyFile));
    if (secret === undefined) throw new ConfigError(`account ${name} needs secretAccessKey or secretAccessKeyFile`);
    if (this.#byAccessKey.has(accessKeyId)) throw new ConfigError(`two accounts have the access key ${accessKeyId}`);
    const onChain = chainAccount(name, cessAccount);
    const account: Account = { id: canonicalId(onChain), displayName: name, cessAccount: onChain, territory, ...(readsNetwork ? { readsNetwork } : {}) };
    const present = this.#byId.get(account.id);
    if (present && (present.displayName !== name || present.territory !== territory || present.readsNetwork !== account.readsNetwork)) {
      throw new ConfigError(`the CESS account ${cessAccount} stands twice with different names, territories or rights`);
    }
    this.#byId.set(account.id, present ?? account);
    this.#byAccessKey.set(accessKeyId, { accessKeyId, secretAccessKey: secret, account: present ?? account });
  }
}

/** S3's canonical user ID is 64 hex digits, and so is the public key of the CESS account: who owns is who pays. */
function canonicalId(account: CessAccount): string {
  return Buffer.from(publicKeyOf(account)).toString("hex");
}

function chainAccount(name: string, text: string): CessAccount {
  try {
    return parseAccount(text);
  } catch (cause) {
    throw new ConfigError(`account ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
