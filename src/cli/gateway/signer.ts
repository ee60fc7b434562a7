import { ConfigError, reasonOf } from "../../config/config-error.js";
import { readSecret } from "../../config/secret.js";
import type { ChainConfig } from "../../config/config.js";
import { signerFromKeystore, signerFromMnemonic, type Signer } from "../../network/chain/accounts.js";

/** Where the key is. */
type SigningKey = Partial<Pick<ChainConfig, "mnemonic" | "mnemonicFile" | "keystoreFile" | "keystorePasswordFile">>;

/** The signing account, from the one place that the configuration names. Rejects with ConfigError. */
export async function signerOf(chain: SigningKey): Promise<Signer> {
  const { mnemonic, mnemonicFile = "", keystoreFile, keystorePasswordFile = "" } = chain;
  const key = keystoreFile === undefined ? (mnemonic === undefined ? "mnemonicFile" : "mnemonic") : "keystoreFile";
  try {
    if (keystoreFile !== undefined)
      return await signerFromKeystore(keystoreFile, readSecret(keystorePasswordFile, "chain.keystorePasswordFile"));
    return await signerFromMnemonic(mnemonic ?? readSecret(mnemonicFile, "chain.mnemonicFile"));
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const isSystem = (cause as NodeJS.ErrnoException).code !== undefined;
    const why = isSystem ? `cannot read ${keystoreFile ?? mnemonicFile}: ${reasonOf(cause)}` : (cause as Error).message;
    throw ConfigError.of(`chain.${key}`, why, { cause });
  }
}
