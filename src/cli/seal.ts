import { text } from "node:stream/consumers";
import { ConfigError, loadKeyConfig } from "../config/load.js";
import { gatewayKeys } from "./gateway-keys.js";

/** What a secret access key is sealed for: one that is moved to another access key does not open. */
export const secretPurpose = (accessKeyId: string) => `secret access key ${accessKeyId}`;

/**
 * `cess-s3 seal`: a secret access key from standard input, sealed by the gateway's master key for the configuration.
 */
export async function runSeal(accessKeyId: string, file: string | undefined): Promise<void> {
  const { keys, create } = await gatewayKeys(loadKeyConfig(file), {
    warn: (_fields, message) => console.error(message),
  });
  const secret = (await text(process.stdin)).trim();
  if (secret.length < 8)
    throw new ConfigError("the secret access key comes on standard input and has at least 8 characters");
  await create();
  console.log(keys.seal(secret, secretPurpose(accessKeyId)));
}
