import { defined } from "../model/defined.js";
import type { Signer } from "../network/chain/accounts.js";
import { CommandError } from "./command-error.js";
import { signerOf } from "./gateway/signer.js";

/** Where a wallet's key is. */
export interface KeyOptions {
  readonly mnemonicFile?: string;
  readonly keystore?: string;
  readonly passwordFile?: string;
}

/** The account that a command's options name. Rejects with CommandError. */
export async function keyOf({ mnemonicFile, keystore, passwordFile }: KeyOptions): Promise<Signer> {
  if ((mnemonicFile === undefined) === (keystore === undefined))
    throw new CommandError(
      "the wallet's key is needed: --mnemonic-file FILE, or --keystore FILE with --password-file FILE",
    );
  if (keystore !== undefined && passwordFile === undefined)
    throw new CommandError("--keystore needs --password-file: the file that holds the keystore's password");
  const key = defined({ mnemonicFile, keystoreFile: keystore, keystorePasswordFile: passwordFile });
  try {
    return await signerOf(key);
  } catch (cause) {
    throw new CommandError((cause as Error).message.replace(/^chain\.\w+: /, ""), { cause });
  }
}
