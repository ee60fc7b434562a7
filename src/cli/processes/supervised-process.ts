import type { Logger } from "pino";
import type { Clock } from "../../model/clock.js";
import { ConfigError } from "../../config/config-error.js";
import { CommandError } from "../command-error.js";
import type { FromChild, ListenUrls, ProcessView, Role, ToChild } from "./messages.js";
import { Restarts, RESTARTS_DEFAULTS } from "./restarts.js";

/**
 * A process that has answered nothing for so many probes in a row hangs. They are counted, not timed: a machine that stood
 * still sent none meanwhile.
 */
const SILENT_PROBES = 12;

/** A child process of the primary. */
export interface Child {
  readonly pid: number | undefined;
  send(message: ToChild): void;
  onMessage(listener: (message: FromChild) => void): void;
  /** Resolves when it has ended, with how: `code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  kill(): void;
}

export interface SupervisedProcessComponents {
  readonly fork: () => Child;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** What it is to begin with. */
  readonly start: () => ToChild;
  /** Called when it serves, each time. */
  readonly onStarted: (urls: ListenUrls) => void;
  readonly onMessage: (message: FromChild) => void;
  /** Called when anything has changed that operators are shown. */
  readonly onChange: () => void;
  /** Called when it is not started again: it died too often. */
  readonly onGivenUp: (reason: string) => void;
}

/** One process of the gateway, which is started again when it dies. */
export class SupervisedProcess {
  private readonly restarts: Restarts;
  private child: Child | undefined;
  private since = 0;
  private serving = false;
  private ending = false;
  /** Since its last answer. */
  private probes = 0;
  private lastDeath: ProcessView["died"];
  /** Of the latest start. */
  private failure: { readonly message: string; readonly key: string | undefined } | undefined;
  private running: Promise<void> | undefined;
  private readonly stopWaiting = new AbortController();

  constructor(
    private readonly components: SupervisedProcessComponents,
    private readonly identity: { readonly role: Role; readonly index: number },
    settings: Partial<typeof RESTARTS_DEFAULTS> = {},
  ) {
    this.restarts = new Restarts(components.clock, settings);
  }

  /** Resolves when it serves. Rejects when it cannot: what keeps the first start from succeeding would keep the next. */
  start(): Promise<ListenUrls> {
    return new Promise((resolve, reject) => {
      const begun = this.begin(resolve);
      this.running = begun.then(async (how) => {
        if (!this.serving && !this.ending) {
          reject(this.startError(how));
          return;
        }
        await this.keepRunning(how);
      });
    });
  }

  get name(): string {
    const { role, index } = this.identity;
    return role === "background" ? "the background process" : `request process ${index}`;
  }

  get view(): ProcessView {
    const { child, since, serving, lastDeath } = this;
    return {
      ...this.identity,
      pid: child?.pid,
      since,
      serving,
      restarts: this.restarts.deaths,
      ...(lastDeath && { died: lastDeath }),
    };
  }

  send(message: ToChild): void {
    this.child?.send(message);
  }

  /** To be called every few seconds. A process that serves and does not answer any more is ended, and so started again. */
  probe(): void {
    if (!this.serving || this.ending) return;
    if (this.probes === SILENT_PROBES) {
      const { pid } = this.view;
      this.components.log.error(
        { process: this.name, pid },
        "a process of the gateway does not answer any more; it is ended, to be started again",
      );
      this.child?.kill();
    } else this.send({ kind: "probe" });
    this.probes++;
  }

  /** It is not started again from now on. */
  letEnd(): void {
    this.ending = true;
    this.stopWaiting.abort(new Error("the gateway ends"));
  }

  /** Resolves when it has ended; `letEnd` was called before. */
  async ended(): Promise<void> {
    await this.running;
  }

  kill(): void {
    this.letEnd();
    this.child?.kill();
  }

  /** Starts it; resolves when it has ended, with how. */
  private async begin(onFirst?: (urls: ListenUrls) => void): Promise<string> {
    const { fork, clock, start, onStarted, onMessage, onChange } = this.components;
    this.failure = undefined;
    this.since = clock.now();
    const child = fork();
    this.child = child;
    onChange();
    child.onMessage((message) => {
      this.probes = 0;
      if (message.kind === "ready") child.send(start());
      else if (message.kind === "failed") this.failure = message;
      else if (message.kind === "started") {
        this.serving = true;
        onStarted(message.urls);
        onChange();
        onFirst?.(message.urls);
      } else onMessage(message);
    });
    return await child.ended;
  }

  private async keepRunning(firstEnd: string): Promise<void> {
    const { clock, log, onChange, onGivenUp } = this.components;
    for (let how = firstEnd; ; how = await this.begin()) {
      const pid = this.child?.pid;
      this.child = undefined;
      this.serving = false;
      if (this.ending) {
        onChange();
        return;
      }
      const why = this.failure === undefined ? how : `${how}: ${this.failure.message}`;
      this.lastDeath = { at: clock.now(), how: why };
      const verdict = this.restarts.died(clock.now() - this.since);
      onChange();
      if (verdict.kind === "give up") {
        onGivenUp(this.tooOften(why));
        return;
      }
      const { afterMs } = verdict;
      log.error({ process: this.name, pid, how: why, afterMs }, "a process of the gateway died; it is started again");
      await clock.sleep(afterMs, this.stopWaiting.signal).catch(() => undefined);
      // `letEnd` may have been called meanwhile.
      if (this.stopWaiting.signal.aborted) return;
    }
  }

  private startError(how: string): Error {
    const { failure } = this;
    if (failure?.key !== undefined) return new ConfigError(failure.message, { key: failure.key });
    return new CommandError(failure?.message ?? `${this.name} ended before it served anything (${how})`);
  }

  private tooOften(why: string): string {
    const { deaths, withinMs } = RESTARTS_DEFAULTS;
    return (
      `${this.name} died ${deaths} times within ${withinMs / 60_000} minutes, the last time with ${why}: the gateway ends. ` +
      "Look for the reason in the log above"
    );
  }
}
