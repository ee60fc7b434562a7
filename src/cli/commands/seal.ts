import { text } from "node:stream/consumers";
import { ConfigError } from "../../config/config-error.js";
import { loadKeyConfig } from "../../config/load.js";
import { secretFault } from "../../config/secret.js";
import { recorded } from "../audit.js";
import { openGatewayFolder } from "../data-folder.js";
import type { KeyConfig } from "../../config/config.js";
import type { KeyRing } from "../../keys/key-ring.js";
import { gatewayKeys } from "../gateway/gateway-keys.js";
import { plainLog } from "../log/logger.js";
import { secretPurpose } from "../secret-purpose.js";

/**
 * `cess-s3 seal`: a secret access key from standard input, sealed by the gateway's master key for the configuration.
 */
export async function runSeal(accessKeyId: string, file: string | undefined): Promise<void> {
  const config = loadKeyConfig(file);
  const secret = (await text(process.stdin)).trim();
  const fault = secretFault(secret);
  if (fault !== undefined) throw new ConfigError(`the secret access key, which comes on standard input, ${fault}`);
  const { keys, create } = await gatewayKeys(config, plainLog);
  const ring = create ? await firstKeys(config) : keys;
  console.log(ring.seal(secret, secretPurpose(accessKeyId)));
}

/** Writes the key file, under the data folder's lock: a gateway that starts now would write one too. */
async function firstKeys(config: KeyConfig): Promise<KeyRing> {
  const folder = await openGatewayFolder(config.dataDir, "cess-s3 seal", plainLog);
  try {
    const { keys, create } = await gatewayKeys(config, plainLog);
    if (create) await recorded(config.dataDir, { act: "create", subject: "key file" }, create);
    return keys;
  } finally {
    folder.close();
  }
}
