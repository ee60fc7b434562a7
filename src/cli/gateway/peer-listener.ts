import type { Logger } from "pino";
import type { Config } from "../../config/config.js";
import { FileMetadata } from "../../peers/file-metadata.js";
import { PeerServer, type PeerServerComponents } from "../../peers/peer-server.js";
import { SharedFiles } from "../../peers/shared-files.js";
import type { Accounts } from "./accounts.js";
import type { Services } from "./services.js";

/** The listener for other gateways and CESS tools; undefined when the operator wants none. */
export function peerServer(
  { peers }: Config,
  accounts: Accounts,
  services: Services,
  log: Logger,
  createServer: NonNullable<PeerServerComponents["createServer"]>,
): PeerServer | undefined {
  if (!peers.listen) return undefined;
  const files = new SharedFiles(services, { share: peers.share });
  const metadata = new FileMetadata({ chain: services.chain, owners: accounts.owner });
  return new PeerServer({ files, metadata, log, createServer });
}
