import { ConfigError, readSecret } from "../config/load.js";
import type { Config } from "../config/config.js";
import { signerFromKeystore, signerFromMnemonic, type Signer } from "../network/chain/accounts.js";

/** The signing account, from exactly one of the three places the configuration may name. */
export async function signerOf(chain: Config["chain"]): Promise<Signer> {
  const { mnemonic, mnemonicFile, keystoreFile, keystorePasswordFile } = chain;
  const given = [mnemonic, mnemonicFile, keystoreFile].filter((place) => place !== undefined);
  if (given.length !== 1)
    throw new ConfigError(
      "the signing account must come from exactly one of chain.mnemonic, chain.mnemonicFile and chain.keystoreFile",
    );
  try {
    if (keystoreFile !== undefined) {
      if (keystorePasswordFile === undefined)
        throw new ConfigError("chain.keystoreFile needs chain.keystorePasswordFile");
      return await signerFromKeystore(keystoreFile, readSecret(keystorePasswordFile));
    }
    return await signerFromMnemonic(mnemonic ?? readSecret(mnemonicFile ?? ""));
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
