import type { Logger } from "pino";
import type { HealthCheck } from "../../admin/health.js";
import type { Progress, Worker } from "../../background/worker.js";
import type { Catalog, GatewayCatalog, GatewayFacts, KnownGateway } from "../../catalog/catalog.js";
import { ConfigError } from "../../config/config-error.js";
import type { Clock } from "../../model/clock.js";
import { CommandError } from "../command-error.js";

export const REGISTRATION = {
  /** Between two signs of life, ms. */
  beatMs: 5_000,
  /** A gateway that gave none for so long does not run, ms: others may have its id. */
  silentMs: 20_000,
  /** Rows of gateways that were not seen for so long are removed, ms. */
  goneMs: 86_400_000,
  /** Looks at the row of another one, to see whether it lives, ms. */
  lookMs: 1_000,
};

/** Where staged bytes are, for gateways that must see each other's. */
export interface StagingTokens {
  /** Leaves this gateway's token in the place. */
  leave(gateway: string, token: string): Promise<void>;
  /** Whether the other gateway's token is in the place. */
  finds(gateway: string, token: string): Promise<boolean>;
}

export interface RegistrationComponents {
  readonly catalog: Pick<Catalog, "gateways">;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Whether gateways of other data folders may use the catalog: not where it is in this one's. */
  readonly several: boolean;
  /** Undefined: it stages in its data folder, which no other gateway sees. */
  readonly staging?: StagingTokens | undefined;
}

/** A gateway of the catalog, as others are told of it. */
export type ListedGateway = KnownGateway & { readonly running: boolean; readonly self: boolean };

/**
 * This gateway's row in the catalog: its id is its own while it gives signs of life. A start at the same place goes on with
 * the id at once; one at another place only when the row has been silent. The one that was replaced, such as a machine that
 * was paused, notices at its next sign of life.
 */
export class GatewayRegistration implements Worker, HealthCheck {
  readonly name = "gateway";
  private address: string | undefined;
  private ending: string | undefined;
  private known: readonly KnownGateway[] = [];

  private constructor(
    private readonly components: RegistrationComponents,
    readonly facts: GatewayFacts,
    private readonly onEnd: (reason: string) => void,
  ) {}

  /**
   * Enters the gateway. `onEnd` is called once, with the reason, when it must end. Rejects with ConfigError where its id is
   * that of another one that runs, or where it and another one that runs do not see each other's staged bytes.
   */
  static async enter(
    components: RegistrationComponents,
    facts: GatewayFacts,
    onEnd: (reason: string) => void,
  ): Promise<GatewayRegistration> {
    const { staging, catalog } = components;
    const own = staging ? { ...facts, staging: facts.incarnation } : facts;
    const registration = new GatewayRegistration(components, own, onEnd);
    await registration.take();
    try {
      await staging?.leave(own.id, own.incarnation);
      await registration.requireSharedStaging();
    } catch (error) {
      await catalog.gateways.leave(own).catch(() => undefined);
      throw error;
    }
    return registration;
  }

  /** Whether there may be gateways of other data folders. */
  get several(): boolean {
    return this.components.several;
  }

  /** From now on others are told where this gateway listens. */
  async listens(address: string): Promise<void> {
    this.address = address;
    await this.beat();
  }

  /** All gateways, by id, as of the last sign of life. */
  get gateways(): readonly ListedGateway[] {
    return this.known.map((each) => this.listed(each));
  }

  /** All gateways, by id, as of now. */
  async list(): Promise<ListedGateway[]> {
    this.known = await this.components.catalog.gateways.list();
    return this.known.map((each) => this.listed(each));
  }

  /** A sign of life. While the catalog is away there is none: its own check says so. */
  async step(): Promise<Progress> {
    const { clock } = this.components;
    const begun = clock.now();
    if (this.ending === undefined) await this.beat().catch(() => undefined);
    return { kind: "idle", until: begun + REGISTRATION.beatMs };
  }

  reason(): string | undefined {
    return this.ending;
  }

  /** Frees the id. */
  async close(): Promise<void> {
    await this.components.catalog.gateways.leave(this.facts);
  }

  private async beat(): Promise<void> {
    const { catalog, clock } = this.components;
    const { address } = this;
    const gone = clock.now() - REGISTRATION.goneMs;
    const beat = await catalog.gateways.beat(this.facts, { ...(address === undefined ? {} : { address }), gone });
    if (beat === "taken") await this.list();
    else this.end(await this.why(beat));
  }

  private end(reason: string): void {
    if (this.ending !== undefined) return;
    this.ending = reason;
    this.onEnd(reason);
  }

  private async why(beat: "replaced" | "outdated"): Promise<string> {
    const { id, version } = this.facts;
    if (beat === "outdated")
      return (
        `a newer cess-s3 has brought the catalog to a schema that this version, ${version}, cannot use: this gateway ends. ` +
        "Start the newer version"
      );
    const other = (await this.components.catalog.gateways.list()).find((each) => each.id === id);
    const who = other ? `, ${describe(other, this.components.clock)}` : "";
    return `another gateway has taken the id ${id}${who}: this one ends`;
  }

  private listed(gateway: KnownGateway): ListedGateway {
    const { incarnation, id } = this.facts;
    const self = gateway.id === id && gateway.incarnation === incarnation;
    return { ...gateway, self, running: isRunning(gateway, this.components.clock) };
  }

  private async take(): Promise<void> {
    const {
      catalog: { gateways },
      several,
    } = this.components;
    const { id, place, host } = this.facts;
    for (;;) {
      const known = await gateways.list();
      // The folder is locked, and so all were this gateway under other names, or that of the catalog's backup.
      if (!several) for (const each of known) await gateways.leave(each);
      const holder = several ? known.find((each) => each.id === id) : undefined;
      // The lock of the data folder shows that what ran here before has ended. Of a copy of it on another host it does not.
      if (holder && !(holder.place === place && holder.host === host)) await this.requireSilence(gateways, holder);
      if (await gateways.enter(this.facts, holder)) return;
    }
  }

  /** Clocks may differ: what counts is whether the holder's row still changes. */
  private async requireSilence(gateways: GatewayCatalog, holder: KnownGateway): Promise<void> {
    const { clock, log } = this.components;
    const { beatMs, silentMs, lookMs } = REGISTRATION;
    const age = clock.now() - holder.seenAt;
    if (age > 10 * silentMs) return;
    log.info(
      { gateway: holder.id, host: holder.host, folder: holder.folder, seconds: silentMs / 1000 },
      "the gateway id was in use elsewhere: waiting to see whether that gateway still runs",
    );
    for (let waitedMs = 0; waitedMs < silentMs; waitedMs += lookMs) {
      const now = (await gateways.list()).find(({ id }) => id === holder.id);
      if (now?.incarnation !== holder.incarnation) return;
      if (now.beats !== holder.beats) throw this.inUse(now, beatMs);
      await clock.sleep(lookMs);
    }
  }

  private inUse(holder: KnownGateway, beatMs: number): ConfigError {
    const copied = holder.place === this.facts.place;
    return new ConfigError(
      `another gateway with the id ${holder.id} runs: ${describe(holder, this.components.clock)}. ` +
        (copied
          ? "Its data folder has the same gateway.json as this one's: remove that file from the one that is a copy"
          : "Give each gateway an id of its own in gateway.id (CESS_S3_GATEWAY_ID), or leave it out: each then makes its own") +
        `. If that gateway has just been ended, start again in ${Math.ceil((2 * beatMs) / 1000)} seconds`,
      { key: "gateway.id" },
    );
  }

  private async requireSharedStaging(): Promise<void> {
    const { catalog, clock, staging } = this.components;
    const { id, folder } = this.facts;
    const others = (await catalog.gateways.list()).filter((each) => each.id !== id && isRunning(each, clock));
    for (const other of others) {
      const who = `the gateway ${other.id}, ${describe(other, clock)}`;
      if (!staging)
        throw new ConfigError(
          `this gateway stages bytes in its own data folder, ${folder}, and uses one catalog with ${who}: what one stages ` +
            "the other cannot read. Set staging.url of both to a place that they share, or give each a catalog of its own",
          { key: "staging.url" },
        );
      if (other.staging === undefined)
        throw new ConfigError(
          `${who} stages bytes in its own data folder, where this gateway cannot read them, and uses the same catalog: set ` +
            "staging.url there to the place that is set here, and start that gateway again first",
          { key: "staging.url" },
        );
      if (!(await staging.finds(other.id, other.staging)))
        throw new ConfigError(
          `the staging of this gateway is not that of ${who}: what that gateway has left there is not found here. Set ` +
            "staging.url of both to the same place; a folder must be on a file system that both have mounted",
          { key: "staging.url" },
        );
    }
  }
}

/**
 * For what must have the catalog to itself. `what`: such as `cess-s3 fsck --repair`. Rejects with CommandError, which names
 * the gateways that run on the catalog.
 */
export async function requireNoneRuns(
  catalog: Pick<Catalog, "gateways">,
  clock: Pick<Clock, "now">,
  what: string,
): Promise<void> {
  const running = (await catalog.gateways.list()).filter((each) => isRunning(each, clock));
  if (running.length === 0) return;
  const names = running.map((each) => `${each.id}, ${describe(each, clock)}`).join("; ");
  throw new CommandError(
    `${what} must have the catalog to itself, and gateways run on it: ${names}. End them first. One that was killed counts ` +
      `as running until ${REGISTRATION.silentMs / 1000} seconds after it was last seen`,
  );
}

function isRunning({ seenAt }: KnownGateway, clock: Pick<Clock, "now">): boolean {
  return clock.now() - seenAt < REGISTRATION.silentMs;
}

function describe({ host, folder, version, seenAt }: KnownGateway, clock: Pick<Clock, "now">): string {
  const seconds = Math.max(0, Math.round((clock.now() - seenAt) / 1000));
  return `on host ${host} with the data folder ${folder} (cess-s3 ${version}, seen ${seconds} s ago)`;
}
