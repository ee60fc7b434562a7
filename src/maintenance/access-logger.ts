import { createReadStream } from "node:fs";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog } from "../catalog/catalog.js";
import { accessLine, type LoggedRequest } from "../model/access-log.js";
import type { Clock } from "../model/clock.js";
import { asError } from "../model/errors.js";
import type { AccessSpool, SpoolFile } from "./access-spool.js";

export const ACCESS_LOGGER_DEFAULTS = {
  /** Limit of the time that lines stay in memory, ms. */
  flushMs: 1_000,
  /** Time until a file that could not be delivered is tried again, ms. */
  retryMs: 60_000,
  /** Age at which a file is dropped, ms. */
  maxAgeMs: 7 * 86_400_000,
};
export type AccessLoggerSettings = typeof ACCESS_LOGGER_DEFAULTS;

/** Lines to be put as one object. */
export interface LogToDeliver {
  readonly bucket: string;
  /** Arrival of the first request. Milliseconds since 1970. */
  readonly begun: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly size: number;
}

export interface AccessLoggerComponents {
  readonly catalog: Pick<Catalog, "buckets" | "documents">;
  readonly spool: AccessSpool;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
  /** Puts the object. False: logging was switched off for the bucket. */
  readonly deliver: (log: LogToDeliver, signal: AbortSignal) => Promise<boolean>;
}

/**
 * Writes a line for each request to a bucket that has server access logging, and delivers the lines, many at a time, as
 * objects to the target bucket. Best effort, as on AWS: a crash may lose a line, and a line may come twice. Delivery
 * itself is not logged.
 */
export class AccessLogger implements Worker {
  readonly name = "access-logger";
  private readonly settings: AccessLoggerSettings;
  private readonly retryAt = new Map<string, number>();

  constructor(
    private readonly components: AccessLoggerComponents,
    settings: Partial<AccessLoggerSettings> = {},
  ) {
    this.settings = { ...ACCESS_LOGGER_DEFAULTS, ...settings };
  }

  /** Asks for the entry if the bucket has a log. Never rejects; callers need not wait for it. */
  async record({ bucket: name, entry }: LoggedRequest): Promise<void> {
    const { catalog, spool, log } = this.components;
    try {
      if ((await catalog.documents.get(name, "logging")) === undefined) return;
      const bucket = await catalog.buckets.get(name);
      if (bucket) {
        const made = entry();
        spool.append(name, made.time, accessLine(made, bucket.owner));
      }
      if (spool.pressed) await spool.flush();
    } catch (error) {
      spool.drop(1);
      log.warn({ bucket: name, err: error }, "a request could not be logged for its bucket");
    }
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { spool, clock } = this.components;
    const now = clock.now();
    for (const file of await spool.due(now)) {
      if ((this.retryAt.get(file.path) ?? 0) <= now) await this.take(file, signal);
    }
    return { kind: "idle", until: clock.now() + this.settings.flushMs };
  }

  private async take(file: SpoolFile, signal: AbortSignal): Promise<void> {
    const { spool, clock, log } = this.components;
    const { bucket, begun, path, bytes: size } = file;
    try {
      if (size > 0) await this.send({ bucket, begun, size }, path, signal);
    } catch (error) {
      signal.throwIfAborted();
      const givenUp = clock.now() - begun > this.settings.maxAgeMs;
      log.warn({ bucket, err: asError(error), givenUp }, "an access log was not delivered");
      this.retryAt.set(path, clock.now() + this.settings.retryMs);
      if (!givenUp) return;
      spool.drop(1);
    }
    this.retryAt.delete(path);
    await spool.remove(file);
  }

  private async send(log: Omit<LogToDeliver, "body">, path: string, signal: AbortSignal): Promise<void> {
    const body = createReadStream(path);
    // Without a listener, an error before the first read would end the process. The reader gets the error as well.
    body.on("error", () => undefined);
    try {
      await this.components.deliver({ ...log, body }, signal);
    } finally {
      body.destroy();
    }
  }
}
