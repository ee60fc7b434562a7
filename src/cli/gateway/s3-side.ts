import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import { CessGateway, type GatewayComponents, type GatewaySettings } from "../../gateway/cess-gateway.js";
import type { Gateway } from "../../gateway/gateway.js";
import { NetworkBucket } from "../../gateway/objects/network-bucket.js";
import type { AccessSpool } from "../../maintenance/access-spool.js";
import { createS3App, type S3AppSettings } from "../../s3/app.js";
import type { DispatchComponents } from "../../s3/dispatch.js";
import type { Drain } from "../../s3/drain.js";
import { requestLog } from "../log/request-log.js";
import type { RequestFamilies } from "../metrics/request-families.js";
import type { Tracing } from "../tracing/tracing.js";
import { openAccessLogs } from "./access-logs.js";
import type { Accounts } from "./accounts.js";
import { withMounts } from "./mounts.js";
import type { ListenerSecurity } from "./listener-security.js";
import { S3Server } from "./s3-server.js";
import type { ProcessShare, RequestServices } from "./s3-services.js";
import type { Identification } from "./sessions.js";

/**
 * Requests wake the workers no more often than this, ms: each look for jobs costs as much as a small request, and they
 * find many at a time.
 */
export const WAKE_MS = 100;

export interface GatewayParts {
  readonly services: RequestServices;
  readonly accounts: Accounts;
  readonly paidUntil: (owner: string) => number | undefined;
  /** Called when requests have made work, each time. */
  readonly onWork: () => void;
  readonly log: Logger;
}

/** S3's meaning, over the services. */
export async function openGateway(
  config: Config,
  { services, accounts, paidUntil, onWork, log }: GatewayParts,
): Promise<Gateway> {
  const lease: NonNullable<GatewayComponents["lease"]> = {
    paidUntil,
    onOutlived: (fields, text) => log.warn(fields, text),
  };
  const settings = gatewaySettings(config);
  const shared = { accounts, lease, clock: systemClock };
  const network = await networkBucket(config, services, log);
  const own = new CessGateway({ ...services, ...shared, network, onWork }, settings);
  const { blobs, preprocessing, retrieval, chain, files } = services;
  // Nothing is written there, and no receipts are issued for what another gateway has.
  return withMounts(
    own,
    services.mounts,
    (mount) =>
      new CessGateway(
        { ...shared, blobs, preprocessing, retrieval, chain, files, ...mount },
        { ...settings, recoverable: false },
      ),
  );
}

function gatewaySettings(config: Config): Partial<GatewaySettings> {
  return {
    region: config.region,
    newBuckets: config.newBuckets,
    encryption: config.encryption,
    packing: config.packing,
    multipartEtag: config.etag.multipart,
    lifecycleDayMs: config.lifecycleDayMs,
    webhooks: config.notifications.webhooks.map(({ name }) => name),
    quota: { staleMs: config.chain.staleSeconds * 1000 },
    outlive: config.leases.outlive,
    recoverable: config.journal.enabled,
  };
}

/** The bucket of all files on the network; undefined when it is off, or when a user's bucket has its name. */
async function networkBucket(
  { networkBucket: name, region }: Config,
  services: RequestServices,
  log: Logger,
): Promise<NetworkBucket | undefined> {
  const bucket = await NetworkBucket.open(services, { name, region });
  if (!bucket && name !== "")
    log.warn({ bucket: name }, "a bucket has the network bucket's name: set networkBucket to another one");
  return bucket;
}

export interface S3SideParts {
  readonly services: RequestServices;
  readonly accounts: Accounts;
  readonly gateway: Gateway;
  readonly identification: Identification;
  readonly security: ListenerSecurity;
  readonly requests: RequestFamilies;
  readonly tracing: Tracing | undefined;
  readonly drain: Drain;
  readonly log: Logger;
}

export interface S3Side {
  readonly server: S3Server;
  /** Lines of access logs on their way to their buckets. */
  readonly spool: AccessSpool;
}

/** What serves requests of S3, whatever listener they come by. */
export interface S3Serving {
  readonly components: DispatchComponents;
  readonly settings: Partial<S3AppSettings>;
  /** Lines of access logs on their way to their buckets. */
  readonly spool: AccessSpool;
}

/** Of one of so many processes. `index`: 1, 2 … of a request process, 0 of one that does everything. */
export async function openS3Serving(
  config: Config,
  { services, accounts, gateway, identification, security, requests, tracing, drain, log }: S3SideParts,
  share: ProcessShare,
): Promise<S3Serving> {
  const { spool, accessLogger } = await openAccessLogs(config, services, gateway, log, share);
  const components: DispatchComponents = {
    gateway,
    ...identification,
    logger: log,
    drain,
    current: () => accounts.current(),
    ...observers(requests, log),
    ...(tracing && { trace: tracing.request }),
    onAccess: (request) => void accessLogger.record(request),
    clock: systemClock,
    rates: security.rates,
  };
  return { components, settings: appSettings(config, share.processes), spool };
}

/** The S3 listener. */
export function s3Server({ components, settings }: S3Serving, security: ListenerSecurity): S3Server {
  return new S3Server(createS3App({ ...components, createServer: security.createServer("s3") }, settings));
}

/** The S3 listener of one of so many processes, as `openS3Serving`. */
export async function openS3Side(config: Config, parts: S3SideParts, share: ProcessShare): Promise<S3Side> {
  const serving = await openS3Serving(config, parts, share);
  return { server: s3Server(serving, parts.security), spool: serving.spool };
}

/** Who is told of each request. */
function observers(requests: RequestFamilies, log: Logger): Pick<DispatchComponents, "onArrival" | "onAnswer"> {
  const line = requestLog(log);
  return {
    onArrival: requests.onArrival,
    onAnswer: (answered) => {
      requests.onAnswer(answered);
      line?.(answered);
    },
  };
}

/** Limits are the gateway's: each process has its share of them. */
function appSettings(
  { region, acceptAnyRegion, trustProxy, domain, websiteDomain, limits }: Config,
  processes: number,
): Partial<S3AppSettings> {
  const share = (limit: number) => Math.ceil(limit / processes);
  return {
    region,
    acceptAnyRegion,
    trustProxy,
    maxConnections: share(limits.maxConnections),
    maxRequests: share(limits.maxRequests),
    maxAnonymousRequests: share(limits.maxAnonymousRequests),
    headersTimeoutMs: limits.headerSeconds * 1000,
    documentMs: limits.documentSeconds * 1000,
    bodyIdleMs: limits.bodyIdleSeconds * 1000,
    ...(domain === undefined ? {} : { domain }),
    ...(websiteDomain === undefined ? {} : { websiteDomain }),
  };
}
