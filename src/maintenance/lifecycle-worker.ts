import { Rounds } from "../background/rounds.js";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs } from "../blobs/blobs.js";
import type { Catalog, Released, VersionEntry } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import { outboxEventFor, type NotificationRule } from "../model/notification.js";
import { isProblem } from "../model/errors.js";
import {
  lifecycleAction,
  uploadAbort,
  type LifecycleConfiguration,
  type LifecycleRule,
  type Surroundings,
} from "../model/lifecycle.js";
import { dueClass } from "../model/lifecycle-transition.js";

export const LIFECYCLE_DEFAULTS = {
  /** A day of the rules, ms; shorter ones are for tests. */
  dayMs: 86_400_000,
  /** From the end of one round to the beginning of the next, ms; at most a day. */
  intervalMs: 3_600_000,
  /** Versions or uploads examined in one step, at most 1000. */
  page: 1000,
  /** Deletions that run at the same time. */
  concurrency: 32,
};
export type LifecycleSettings = typeof LIFECYCLE_DEFAULTS;

export interface LifecycleComponents {
  readonly catalog: Pick<Catalog, "documents" | "objects" | "uploads">;
  readonly blobs: Pick<Blobs, "remove">;
  readonly clock: Clock;
  /** Called after deletions, which may have made jobs. */
  readonly onWork?: () => void;
}

/** The source of events about lifecycle deletions. */
const LIFECYCLE = { principal: "s3.amazonaws.com", address: "", requestId: "" };

type Action = () => Promise<Released>;

/**
 * Carries out lifecycle rules, in rounds over all buckets that have some, a page of versions or uploads in each step.
 */
export class LifecycleWorker implements Worker {
  readonly name = "lifecycle";
  private readonly settings: LifecycleSettings;
  private round: AsyncGenerator<readonly Action[]> | undefined;
  private readonly rounds: Rounds;

  constructor(
    private readonly components: LifecycleComponents,
    settings: Partial<LifecycleSettings> = {},
  ) {
    const merged = { ...LIFECYCLE_DEFAULTS, ...settings };
    this.settings = { ...merged, intervalMs: Math.min(merged.intervalMs, merged.dayMs) };
    this.rounds = new Rounds(components.clock, this.settings.intervalMs);
  }

  step(signal?: AbortSignal): Promise<Progress> {
    return this.rounds.step(() => this.nextPage(signal));
  }

  private async nextPage(signal?: AbortSignal): Promise<"more" | "done"> {
    const round = (this.round ??= this.pages());
    try {
      const next = await round.next();
      if (next.done !== true) {
        await this.perform(next.value, signal);
        return "more";
      }
    } catch (error) {
      // After a failure the next step starts the round again.
      this.round = undefined;
      throw error;
    }
    this.round = undefined;
    return "done";
  }

  private async perform(actions: readonly Action[], signal?: AbortSignal): Promise<void> {
    const { blobs, onWork } = this.components;
    const { concurrency } = this.settings;
    for (let start = 0; start < actions.length; start += concurrency) {
      signal?.throwIfAborted();
      const released = await Promise.all(actions.slice(start, start + concurrency).map((act) => act()));
      const orphans = released.flatMap((each) => each.orphans);
      if (orphans.length > 0) await blobs.remove(orphans);
    }
    if (actions.length > 0) onWork?.();
  }

  private async *pages(): AsyncGenerator<readonly Action[]> {
    const { documents } = this.components.catalog;
    for (const bucket of await documents.bucketsWith("lifecycle")) {
      const configuration = await documents.get(bucket, "lifecycle");
      if (!configuration) continue;
      const rules = configuration.rules.filter((rule) => rule.enabled);
      const listeners = await this.listeners(bucket);
      const versionRules = {
        ...configuration,
        rules: rules.filter(
          (rule) => rule.expiration ?? rule.noncurrent ?? rule.transitions ?? rule.noncurrentTransitions,
        ),
      };
      for (const prefix of disjointPrefixes(versionRules.rules))
        yield* this.versions(bucket, prefix, versionRules, listeners);
      const uploadRules = rules.filter((rule) => rule.abortUploadsAfterDays !== undefined);
      for (const prefix of disjointPrefixes(uploadRules)) yield* this.uploads(bucket, prefix, uploadRules);
    }
  }

  private async *versions(
    bucket: string,
    prefix: string,
    configuration: LifecycleConfiguration,
    listeners: readonly NotificationRule[],
  ): AsyncGenerator<readonly Action[]> {
    const { catalog } = this.components;
    const { page: limit } = this.settings;
    const judge = (aging: Aging, oldest: boolean) => this.judge(bucket, configuration, listeners, aging, oldest);
    let marker = { keyMarker: "", versionIdMarker: "" };
    let pending: Aging | undefined;
    for (;;) {
      const { entries, truncated } = await catalog.objects.listVersions({
        bucket,
        prefix,
        delimiter: "",
        ...marker,
        limit,
      });
      const actions: Action[] = [];
      // Each version is judged when the next one is known. The page's last one is therefore judged with the next page.
      for (const entry of entries) {
        if (entry.kind === "prefix") continue;
        if (pending) actions.push(...judge(pending, entry.version.key !== pending.version.key));
        pending = follow(pending, entry.version);
      }
      if (!truncated && pending) actions.push(...judge(pending, true));
      yield actions;
      if (!truncated || !pending) return;
      marker = { keyMarker: pending.version.key, versionIdMarker: pending.version.versionId };
    }
  }

  private judge(
    bucket: string,
    configuration: LifecycleConfiguration,
    listeners: readonly NotificationRule[],
    { version, ...context }: Aging,
    oldest: boolean,
  ): Action[] {
    const {
      catalog: { objects },
      clock,
    } = this.components;
    const around: Surroundings = { ...context, alone: version.isLatest && oldest };
    const verdict = lifecycleAction(configuration.rules, version, around, clock.now(), this.settings.dayMs);
    if (!verdict) {
      const storageClass = dueClass(configuration, version, around, clock.now(), this.settings.dayMs);
      return storageClass
        ? [() => objects.setStorageClass(version.id, storageClass).then(() => ({ orphans: [] }))]
        : [];
    }
    // The key may have changed since it was listed: only this very version may be removed.
    const outboxEvent = outboxEventFor(listeners, "s3:LifecycleExpiration:*", version.key, LIFECYCLE);
    const request = {
      onlyId: version.id,
      outboxEvent,
      ...(verdict === "remove" ? { versionId: version.versionId } : {}),
    };
    return [() => unlessLocked(objects.delete(bucket, version.key, undefined, request))];
  }

  private async listeners(bucket: string): Promise<readonly NotificationRule[]> {
    return (await this.components.catalog.documents.get(bucket, "notification"))?.rules ?? [];
  }

  private async *uploads(
    bucket: string,
    prefix: string,
    rules: readonly LifecycleRule[],
  ): AsyncGenerator<readonly Action[]> {
    const { catalog, clock } = this.components;
    const { page: limit, dayMs } = this.settings;
    let marker = { keyMarker: "", uploadIdMarker: "" };
    for (;;) {
      const { entries, truncated } = await catalog.uploads.list({ bucket, prefix, delimiter: "", ...marker, limit });
      const uploads = entries.flatMap((entry) => (entry.kind === "upload" ? [entry.upload] : []));
      const due = uploads.filter((upload) => (uploadAbort(rules, upload, dayMs)?.at ?? Infinity) <= clock.now());
      yield due.map(
        ({ id }) =>
          () =>
            unlessGone(catalog.uploads.abort(id)),
      );
      const last = uploads.at(-1);
      if (!truncated || !last) return;
      marker = { keyMarker: last.key, uploadIdMarker: last.id };
    }
  }
}

/** A version with what is known of the newer versions of its key; versions are read from the newest to the oldest. */
interface Aging extends Omit<Surroundings, "alone"> {
  readonly version: VersionEntry;
}

function follow(newer: Aging | undefined, version: VersionEntry): Aging {
  // When the marker's version was deleted meanwhile, the key is listed again from its current version.
  if (!newer || version.isLatest || newer.version.key !== version.key) return { version, newerNoncurrent: 0 };
  return {
    version,
    noncurrentSince: newer.version.createdAt,
    newerNoncurrent: newer.newerNoncurrent + (newer.version.isLatest ? 0 : 1),
  };
}

/** The rules' prefixes without those that another prefix covers, so that no version is examined twice. */
function disjointPrefixes(rules: readonly LifecycleRule[]): string[] {
  const prefixes = [...new Set(rules.map(({ filter }) => filter.prefix ?? ""))];
  return prefixes.filter((prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)));
}

/** A locked version is kept, as in S3, and tried again in each round. */
function unlessLocked<T extends Released>(deletion: Promise<T>): Promise<Released> {
  return deletion.catch((error: unknown) => {
    if (isProblem(error, "objectLocked", "noBucket")) return { orphans: [] };
    throw error;
  });
}

function unlessGone(abort: Promise<Released>): Promise<Released> {
  return abort.catch((error: unknown) => {
    if (isProblem(error, "noUpload")) return { orphans: [] };
    throw error;
  });
}
