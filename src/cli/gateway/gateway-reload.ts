import type { Logger } from "pino";
import type { AuditLog } from "../../admin/audit-log.js";
import { changedSettings } from "../../config/changed-settings.js";
import { configSchema, type Config } from "../../config/config.js";
import type { Settings } from "../../config/settings.js";
import { explain } from "../explain.js";
import type { ListenerSecurity } from "./listener-security.js";

/** The settings that a running gateway can change, or what they begin with. */
const CHANGEABLE = [
  "accounts",
  "logLevel",
  "admin.tokenFile",
  "tls.certFile",
  "tls.keyFile",
  "limits.perKey.",
  "limits.perAddress.",
];

export interface ReloadComponents {
  readonly accounts: { replace(configured: Config["accounts"]): Promise<void> };
  readonly security: Pick<ListenerSecurity, "prepare">;
  readonly audit: AuditLog;
  readonly log: Pick<Logger, "info" | "warn" | "error" | "level">;
}

/** Takes another configuration while the gateway runs: all that can be changed, or nothing where something is wrong. */
export class GatewayReload {
  private running: Promise<void> = Promise.resolve();

  /** `current` is what is used until the first reload. */
  constructor(
    private readonly components: ReloadComponents,
    private current: Config,
  ) {}

  /** One after the other. Never rejects. */
  run(load: () => Settings): Promise<void> {
    return (this.running = this.running.then(() => this.reload(load)));
  }

  private async reload(load: () => Settings): Promise<void> {
    const { audit, log } = this.components;
    let result = "done";
    let details: object | undefined;
    try {
      const settings = load();
      const config = settings.check(configSchema);
      details = await settings.locate(() => this.apply(config));
    } catch (error) {
      const reason = explain(error);
      result = `refused: ${reason}`;
      log.error({ reason }, "the configuration was not read again: the gateway goes on with the one that it has");
    }
    await audit.record({
      act: "reload",
      by: "signal SIGHUP",
      subject: "configuration",
      result,
      ...(details && { details }),
    });
  }

  private async apply(next: Config): Promise<object> {
    const { accounts, security, log } = this.components;
    const changed = changedSettings(this.current, next);
    const isTls = (config: Config) => config.tls.certFile !== undefined;
    const changeable = (key: string) =>
      CHANGEABLE.some((begin) => key === begin || (begin.endsWith(".") && key.startsWith(begin))) &&
      (!key.startsWith("tls.") || isTls(this.current) === isTls(next));
    const needRestart = changed.filter((key) => !changeable(key));
    // Both throw before they change anything, and what `prepare` returns does not throw.
    const use = security.prepare(next);
    await accounts.replace(next.accounts);
    use();
    log.level = next.logLevel;
    const { limits, tls, admin } = next;
    this.current = {
      ...this.current,
      accounts: next.accounts,
      logLevel: next.logLevel,
      limits: { ...this.current.limits, perKey: limits.perKey, perAddress: limits.perAddress },
      admin: { ...this.current.admin, tokenFile: admin.tokenFile },
      tls:
        isTls(this.current) && isTls(next)
          ? { ...this.current.tls, certFile: tls.certFile, keyFile: tls.keyFile }
          : this.current.tls,
    };
    const now = changed.filter(changeable);
    log.info({ changed: now }, "the configuration was read again");
    if (needRestart.length > 0) log.warn({ settings: needRestart }, "these settings have changed, and need a restart");
    return { changed: now, needRestart };
  }
}
