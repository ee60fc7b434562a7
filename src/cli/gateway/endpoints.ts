import type { Logger } from "pino";
import type { AdminServer } from "../../admin/admin-server.js";
import type { Config } from "../../config/config.js";
import type { PeerServer } from "../../peers/peer-server.js";
import type { PublicServer } from "../../peers/public-server.js";
import { listen } from "../listen.js";
import { configSummary } from "./config-summary.js";
import type { ListenerSecurity } from "./listener-security.js";
import type { S3Server } from "./s3-server.js";

/** What listens; undefined: there is none. */
export interface Listeners {
  readonly s3: S3Server | undefined;
  readonly admin: AdminServer;
  readonly users: S3Server | undefined;
  readonly peer: PeerServer | undefined;
  readonly everyone: PublicServer | undefined;
}

/** URLs of the listeners. */
export interface Endpoints {
  /** Empty until it is known, where other processes have it. */
  s3: string;
  readonly admin: string;
  /** The console for users; undefined when there is no such listener. */
  readonly console: string | undefined;
  /** For other gateways; undefined when there is no such listener. */
  readonly peers: string | undefined;
  /** For everyone; undefined when there is no such listener. */
  readonly public: string | undefined;
}

/** The log's first line of a gateway that takes requests. */
export function logStart(log: Logger, endpoints: Endpoints, config: Config, again: boolean): void {
  const { s3: endpoint, admin: adminEndpoint, console: consoleEndpoint, peers, public: everyone } = endpoints;
  log.info(
    {
      endpoint,
      adminEndpoint,
      consoleEndpoint,
      peerEndpoint: peers,
      publicEndpoint: everyone,
      ...configSummary(config),
    },
    again ? "the background process has started again" : "cess-s3 has started",
  );
}

/** Rejects with ConfigError when the system refuses an address. */
export async function listenAll(
  config: Config,
  security: ListenerSecurity,
  { s3, admin, users, peer, everyone }: Listeners,
): Promise<Endpoints> {
  const { listen: s3Listen, adminListen, console, peers, public: settings } = config;
  return {
    s3: s3 === undefined ? "" : await listen("listen", s3, s3Listen, security.scheme("s3")),
    admin: await listen("adminListen", admin, adminListen, security.scheme("admin")),
    console:
      users && console.listen && (await listen("console.listen", users, console.listen, security.scheme("console"))),
    peers: peer && peers.listen && (await listen("peers.listen", peer, peers.listen, security.scheme("peers"))),
    public:
      everyone &&
      settings.listen &&
      (await listen("public.listen", everyone, settings.listen, security.scheme("public"))),
  };
}
