import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { Gateway } from "../../gateway/gateway.js";
import { toBase58 } from "../../network/chain/accounts.js";
import { FileMetadata } from "../../peers/file-metadata.js";
import { NodeStatus } from "../../peers/node-status.js";
import { OWN_VERSION_PREFIX } from "../../peers/peer-kind.js";
import { PublicFiles } from "../../peers/public-files.js";
import { PublicServer, type PublicRoute, type PublicServerComponents } from "../../peers/public-server.js";
import { SharedFiles } from "../../peers/shared-files.js";
import { StrangerLimits } from "../../peers/stranger-limits.js";
import type { SdkComponents } from "../../sdk/sdk-api.js";
import { VERSION } from "../version.js";
import type { Accounts } from "./accounts.js";
import { chainAccount } from "./configured-accounts.js";
import { bucketRate, clientNetwork } from "./request-rates.js";
import { sdkApi } from "./sdk-api.js";
import type { Services } from "./services.js";

export interface PublicListenerParts {
  readonly accounts: Accounts;
  readonly services: Services;
  readonly log: Logger;
  readonly createServer: NonNullable<PublicServerComponents["createServer"]>;
  readonly gateway: Gateway;
  /** How a file of the network becomes an object without its bytes, for light orders of the SDKs. */
  readonly takeOver?: SdkComponents["takeOver"];
}

/** The listener for everyone, with further paths; undefined when the operator wants none. Throws ConfigError. */
export function publicServer(
  config: Config,
  { accounts, services, gateway, log, createServer, takeOver }: PublicListenerParts,
  routes: readonly PublicRoute[] = [],
): PublicServer | undefined {
  const {
    public: settings,
    trustProxy,
    limits: { maxConnections },
  } = config;
  if (!settings.listen) return undefined;
  const sdk = sdkApi(config, { services, accounts, gateway, takeOver });
  const { catalog, chain, cache, retrieval, registry } = services;
  const listedAccounts = settings.accounts.map((text, at) =>
    chainAccount(text, "public.accounts", `public.accounts[${at}]`),
  );
  const metadata = new FileMetadata({ chain, owners: accounts.owner });
  const files = new PublicFiles(
    {
      catalog,
      cache,
      retrieval,
      metadata,
      shared: new SharedFiles(services, { share: "all" }),
      network: retrieval.files,
      listed: (fid, signal) => retrieval.files.listed(fid, signal),
      isOurs: (account) => accounts.all.some(({ cessAccount }) => cessAccount === account),
    },
    { policy: settings.policy, files: new Set(settings.files), accounts: new Set(listedAccounts) },
  );
  const { downloads, downloadsPerAddress, bytesPerDay, perAddress, web, endpoint = "" } = settings;
  const limits = new StrangerLimits(systemClock, {
    rate: bucketRate(perAddress),
    downloads,
    downloadsPerAddress,
    bytesPerDay,
  });
  const status = new NodeStatus(
    { cache, catalog, nodes: () => registry.nodes(), downloads: () => limits.downloads },
    { version: `${OWN_VERSION_PREFIX}${VERSION}`, endpoint, poolId: toBase58(chain.registration.peerId) },
  );
  return new PublicServer(
    {
      files,
      limits,
      log,
      createServer,
      routes: [...routes, ...(sdk?.routes ?? [])],
      holdersFile: sdk?.holdersFile,
      clientOf: (request) => clientNetwork(clientAddress(request, trustProxy)),
      status: () => status.read(),
    },
    { web, connections: maxConnections, requests: Math.max(256, downloads * 2) },
  );
}

/** As the S3 endpoint has it: what the proxy in front has added last. */
function clientAddress({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy
    ? String(headers["x-forwarded-for"] ?? "")
        .split(",")
        .at(-1)
        ?.trim()
    : undefined;
  const address = forwarded === undefined || forwarded === "" ? (socket.remoteAddress ?? "") : forwarded;
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
