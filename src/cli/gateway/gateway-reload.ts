import type { Logger } from "pino";
import type { AuditLog } from "../../admin/audit-log.js";
import { changedSettings } from "../../config/changed-settings.js";
import type { Config } from "../../config/config.js";
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

/** A configuration that was read. */
export interface LoadedConfig {
  readonly config: Config;
  /** Does what uses it: an error of a setting then says where its value comes from. */
  readonly locate: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Throws ConfigError. */
export type LoadConfig = () => LoadedConfig;

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
  run(load: LoadConfig): Promise<void> {
    return (this.running = this.running.then(() => this.reload(load)));
  }

  private async reload(load: LoadConfig): Promise<void> {
    const { audit, log } = this.components;
    let result = "done";
    let details: object | undefined;
    try {
      const { config, locate } = load();
      details = await locate(() => this.apply(config));
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
    const changeable = (key: string) =>
      CHANGEABLE.some((begin) => key === begin || (begin.endsWith(".") && key.startsWith(begin))) &&
      (!key.startsWith("tls.") || isTls(this.current) === isTls(next));
    const needRestart = changed.filter((key) => !changeable(key));
    // Both throw before they change anything, and what `prepare` returns does not throw.
    const use = security.prepare(next);
    await accounts.replace(next.accounts);
    use();
    log.level = next.logLevel;
    this.current = withReloaded(this.current, next);
    const now = changed.filter(changeable);
    log.info({ changed: now }, "the configuration was read again");
    if (needRestart.length > 0) log.warn({ settings: needRestart }, "these settings have changed, and need a restart");
    return { changed: now, needRestart };
  }
}

const isTls = (config: Config) => config.tls.certFile !== undefined;

/** `current` with those settings of `next` that need no restart. */
export function withReloaded(current: Config, next: Config): Config {
  const { limits, tls, admin } = next;
  return {
    ...current,
    accounts: next.accounts,
    logLevel: next.logLevel,
    limits: { ...current.limits, perKey: limits.perKey, perAddress: limits.perAddress },
    admin: { ...current.admin, tokenFile: admin.tokenFile },
    tls: isTls(current) && isTls(next) ? { ...current.tls, certFile: tls.certFile, keyFile: tls.keyFile } : current.tls,
  };
}
