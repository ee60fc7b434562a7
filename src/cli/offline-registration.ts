import { join } from "node:path";
import { loadConfig } from "../config/load.js";
import { CessChain } from "../network/chain/chain-client.js";
import { ChainSession } from "../network/chain/chain-session.js";
import { FinalizedWatermark } from "../network/chain/finalized-watermark.js";
import type { RegistrationSteps } from "./registration-request.js";
import { openGatewayFolder } from "./data-folder.js";
import { signerOf } from "./gateway/signer.js";
import { JsonFileStore } from "./json-file-store.js";
import { recorded } from "./audit.js";
import { plainLog } from "./log/logger.js";

/**
 * Changes the registration while no gateway runs. The data folder is locked meanwhile: a gateway that started would sign
 * with the same account, and the two would use one nonce. Resolves whether anything was to be changed. Rejects as GatewayRegistration.set, and with ConfigError.
 */
export async function registerAlone(
  file: string | undefined,
  endpoint: string | undefined,
  describe: (plan: RegistrationSteps) => void,
): Promise<boolean> {
  const config = loadConfig(file);
  const folder = await openGatewayFolder(config.dataDir, "cess-s3 register", plainLog);
  try {
    const signer = await signerOf(config.chain);
    const watermark = await FinalizedWatermark.open(new JsonFileStore({ folder: join(config.dataDir, "state") }));
    const session = new ChainSession({ endpoints: config.chain.endpoints }, watermark);
    const chain = new CessChain({ session, signer });
    try {
      const { registered, call, fee } = await chain.registration.plan(endpoint);
      describe({ account: chain.account, registered, call, feeTokens: fee });
      if (call === undefined) return false;
      await recorded(config.dataDir, { act: "register", subject: endpoint ?? "none" }, () =>
        chain.registration.set(endpoint),
      );
      return true;
    } finally {
      await chain.close();
      await session.close();
    }
  } finally {
    folder.close();
  }
}
