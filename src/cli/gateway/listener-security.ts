import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { AdminAccess } from "../../admin/admin-access.js";
import type { SharedLimits } from "../../async/shared-limits.js";
import { pause } from "../../async/timer.js";
import type { Config } from "../../config/config.js";
import { ConfigError } from "../../config/config-error.js";
import { adminExposure, secureListeners, type TlsListener } from "../../config/listener-settings.js";
import type { Clock } from "../../model/clock.js";
import { ENDS_SOON_MS, readKeyPair, type KeyPair } from "../tls/key-pair.js";
import { TlsServer } from "../tls/tls-server.js";
import { readAdminToken } from "./admin-token.js";
import { ConfiguredRates } from "./request-rates.js";

/** How often the files of the token and the certificate are looked at, ms: links to them may be switched unnoticed. */
const WATCH_MS = 10_000;

type Settings = Pick<Config, "adminListen" | "admin" | "console" | "peers" | "public" | "tls" | "limits">;

export interface ListenerSecurityComponents {
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** What comes of the settings and of the files that they name. */
interface Secrets {
  readonly token: string | undefined;
  readonly pair: KeyPair | undefined;
}

/** Who may reach the listeners, and how: certificate, the admin listener's token, and how often clients may ask. */
export class ListenerSecurity {
  readonly adminAccess: AdminAccess;
  readonly rates: ConfiguredRates;
  private readonly secure: ReadonlySet<TlsListener>;
  private readonly servers: TlsServer[] = [];
  private readonly closing = new AbortController();
  private secrets: Secrets;
  private digest: string;

  /** Throws ConfigError when a listener would not be safe, or when a file cannot be used. */
  constructor(
    private readonly components: ListenerSecurityComponents,
    private settings: Settings,
  ) {
    const { clock, log } = components;
    this.digest = filesDigest(settings);
    this.secure = secureListeners(settings);
    this.secrets = this.read(settings);
    this.adminAccess = new AdminAccess({ token: () => this.secrets.token, clock, log });
    this.rates = new ConfiguredRates(clock, settings.limits);
    this.warn();
    void this.watch();
  }

  /** From now on clients' limits hold over all processes that have these. */
  share(limits: Pick<SharedLimits, "add">): void {
    limits.add("key", this.rates.keys);
    limits.add("address", this.rates.addresses);
    limits.add("admin-token", this.adminAccess.tries);
  }

  scheme(listener: TlsListener): "http" | "https" {
    return this.secure.has(listener) ? "https" : "http";
  }

  /** Makes a listener's server. */
  createServer(listener: TlsListener): (options: ServerOptions, requestListener?: RequestListener) => Server {
    const { pair } = this.secrets;
    if (!pair || !this.secure.has(listener)) return createServer;
    return (options, requestListener) => {
      const server = new TlsServer(pair, options);
      if (requestListener) server.on("request", requestListener);
      this.servers.push(server);
      return server;
    };
  }

  /** When the certificate ends, s since 1970; undefined without TLS. */
  get certificateEnd(): number | undefined {
    return this.secrets.pair && this.secrets.pair.endsAt / 1000;
  }

  /**
   * Reads the files that new settings name. Throws ConfigError, and all stays as it is. Returns how to use them from now
   * on. Which listeners speak TLS, and where they are, stays.
   */
  prepare(next: Settings): () => void {
    const { adminListen, console, peers, public: everyone } = this.settings;
    const settings = { ...next, adminListen, console, peers, public: everyone };
    const digest = filesDigest(settings);
    const secrets = this.read(settings);
    return () => {
      this.settings = settings;
      this.digest = digest;
      this.rates.configure(settings.limits);
      this.use(secrets);
    };
  }

  close(): void {
    this.closing.abort(new DOMException("the gateway is closing", "AbortError"));
  }

  private read({ adminListen, admin, tls }: Settings): Secrets {
    const exposure = adminExposure({ adminListen, admin });
    if (exposure !== undefined) throw ConfigError.of("adminListen", exposure);
    const { certFile, keyFile } = tls;
    // Where no listener speaks TLS, a pair cannot be used before the next start.
    const paired = this.secure.size > 0 && certFile !== undefined && keyFile !== undefined;
    return {
      token: admin.tokenFile === undefined ? undefined : readAdminToken(admin.tokenFile),
      pair: paired ? readKeyPair({ certFile, keyFile }, this.components.clock.now()) : undefined,
    };
  }

  private use({ token, pair = this.secrets.pair }: Secrets): void {
    const before = this.secrets.pair;
    this.secrets = { token, pair };
    if (pair && (pair.cert !== before?.cert || pair.key !== before.key)) {
      for (const server of this.servers) server.renew(pair);
      const { fingerprint, names } = pair;
      const ends = new Date(pair.endsAt).toISOString();
      this.components.log.info({ fingerprint, names, ends }, "another certificate is used");
    }
    this.warn();
  }

  private warn(): void {
    const { clock, log } = this.components;
    const { pair, token } = this.secrets;
    if (pair && pair.endsAt - clock.now() < ENDS_SOON_MS)
      log.warn({ ends: new Date(pair.endsAt).toISOString() }, "the certificate ends soon: renew it");
    if (
      token !== undefined &&
      adminExposure({ ...this.settings, admin: {} }) !== undefined &&
      !this.secure.has("admin")
    )
      log.warn({}, "the admin listener's token is sent without TLS: set tls.certFile, or keep its network private");
  }

  /** Until `close`. A pair of which only one file has been replaced yet is tried again when the other one changes. */
  private async watch(): Promise<void> {
    const { clock, log } = this.components;
    for (;;) {
      try {
        await pause(clock, WATCH_MS, [this.closing.signal]);
      } catch {
        return;
      }
      const digest = filesDigest(this.settings);
      if (digest === this.digest) continue;
      this.digest = digest;
      try {
        this.use(this.read(this.settings));
        log.info({}, "the files of the listeners' certificate or token have changed, and are used");
      } catch (error) {
        log.error({ reason: (error as Error).message }, "a certificate or token cannot be used; the old one still is");
      }
    }
  }
}

/** Changes when one of the files changes that the settings name, also in whether it can be read. */
function filesDigest({ admin, tls }: Settings): string {
  const hash = createHash("sha256");
  for (const path of [admin.tokenFile, tls.certFile, tls.keyFile]) {
    if (path === undefined) continue;
    try {
      hash.update(readFileSync(path)).update("\0");
    } catch (error) {
      hash.update(`${(error as NodeJS.ErrnoException).code}\0`);
    }
  }
  return hash.digest("hex");
}
