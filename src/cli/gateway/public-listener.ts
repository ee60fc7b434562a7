import type { Logger } from "pino";
import type { AuditLog } from "../../admin/audit-log.js";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { Gateway } from "../../gateway/gateway.js";
import { toBase58 } from "../../network/chain/accounts.js";
import { FileMetadata } from "../../peers/file-metadata.js";
import { NodeStatus } from "../../peers/node-status.js";
import { OWN_VERSION_PREFIX } from "../../peers/peer-kind.js";
import { PublicFiles } from "../../peers/public-files.js";
import { PublicServer, type PublicServerComponents } from "../../peers/public-server.js";
import { SharedFiles } from "../../peers/shared-files.js";
import { SignUpHandler } from "../../sign-up/sign-up-handler.js";
import { StrangerLimits } from "../../peers/stranger-limits.js";
import { VERSION } from "../version.js";
import type { Accounts } from "./accounts.js";
import { chainAccount } from "./configured-accounts.js";
import { bucketRate, clientAddress, clientNetwork } from "./request-rates.js";
import { sdkApi } from "./sdk-api.js";
import { signUpHandler } from "./sign-up.js";
import type { Services } from "./services.js";

export interface PublicListenerParts {
  readonly accounts: Accounts;
  readonly services: Services;
  readonly log: Logger;
  readonly createServer: NonNullable<PublicServerComponents["createServer"]>;
  readonly gateway: Gateway;
  readonly audit: AuditLog;
  /** The URL of the S3 listener, which those who sign up are told. */
  readonly s3Url: () => string;
}

/** The listener for everyone; undefined when the operator wants none. Rejects with ConfigError. */
export async function publicServer(
  config: Config,
  { accounts, services, gateway, audit, log, createServer, s3Url }: PublicListenerParts,
): Promise<PublicServer | undefined> {
  const {
    public: settings,
    trustProxy,
    limits: { maxConnections },
  } = config;
  if (!settings.listen) return undefined;
  const sdk = sdkApi(config, { services, accounts, gateway });
  const signUp = await signUpHandler(config, { services, accounts, audit, log }, s3Url);
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
  services.limits?.add("public", limits.requests);
  if (limits.budget) services.limits?.add("public-bytes", limits.budget);
  const status = new NodeStatus(
    { cache, catalog, nodes: () => registry.nodes(), downloads: () => limits.downloads },
    { version: `${OWN_VERSION_PREFIX}${VERSION}`, endpoint, poolId: toBase58(chain.registration.peerId) },
  );
  return new PublicServer(
    {
      files,
      limits,
      current: () => accounts.current(),
      log,
      createServer,
      routes: [...(signUp ? [{ path: SignUpHandler.PATH, handle: signUp.handle }] : []), ...(sdk?.routes ?? [])],
      holdersFile: sdk?.holdersFile,
      clientOf: (request) => clientNetwork(clientAddress(request, trustProxy)),
      status: () => status.read(),
    },
    { web, connections: maxConnections, requests: Math.max(256, downloads * 2) },
  );
}
