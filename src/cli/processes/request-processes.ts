import type { Registry } from "prom-client";
import type { HealthCheck } from "../../admin/health.js";
import { onAbort } from "../../async/abort.js";
import type { Connection, Served } from "../../ipc/connection.js";
import { LocalServer } from "../../ipc/local-server.js";
import type { Clock } from "../../model/clock.js";
import type { Facts } from "../../remote/background-process.js";
import type { ProcessAnswer } from "../admin-answers.js";
import { SummedMetrics, type MeasuredProcess, type ProcessMetrics } from "../metrics/summed-metrics.js";
import type { ProcessView } from "./messages.js";

/** How often it is looked whether a fact has changed, ms. */
const FACTS_MS = 250;
/** How long a request process may take to tell of itself, ms. */
const ASK_MS = 2_000;
/** A process that died within this time before keeps being shown, ms. */
const LATELY_MS = 10 * 60_000;

export interface RequestProcessesSettings {
  /** How many there are to be. */
  readonly processes: number;
  /** Path of the socket on which they ask. */
  readonly socket: string;
}

/** The other processes of this gateway, as the background process knows them. */
export class RequestProcesses {
  private views: readonly ProcessView[] = [];
  private server: LocalServer | undefined;
  private readonly measured = new Map<Connection, MeasuredProcess>();
  private stopTelling: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    readonly settings: RequestProcessesSettings,
  ) {}

  /** What the primary process says of all. */
  learn(views: readonly ProcessView[]): void {
    this.views = views;
  }

  /** Answers what they ask, and tells them the facts whenever one has changed. */
  async listen(served: Served, facts: () => Facts): Promise<void> {
    let told = facts();
    const server = new LocalServer({
      clock: this.clock,
      served,
      onConnection: (connection) => {
        connection.notify("facts", (told = facts()));
        this.measured.set(connection, { read: () => ask<ProcessMetrics>(connection, "metrics") });
        onAbort(connection.ended, () => this.measured.delete(connection));
      },
    });
    await server.listen(this.settings.socket);
    const timer = setInterval(() => {
      const now = facts();
      if (isSame(now, told)) return;
      told = now;
      for (const connection of server.open) connection.notify("facts", told);
    }, FACTS_MS);
    this.server = server;
    this.stopTelling = () => clearInterval(timer);
  }

  /** The metrics of all together. */
  metrics(own: Registry): SummedMetrics {
    return new SummedMetrics(own, () => [...this.measured.values()]);
  }

  /** Ready while one at least serves requests; a warning while they die. */
  readonly check: HealthCheck = {
    name: "processes",
    reason: () =>
      this.requestViews.some(({ serving }) => serving)
        ? undefined
        : "no request process serves requests: they are being started, or the log says why they die",
    warning: () => {
      const dying = this.views.filter(({ died }) => died && this.clock.now() - died.at < LATELY_MS);
      if (dying.length === 0) return undefined;
      const words = dying.map(
        ({ role, index, restarts, died }) =>
          `${role === "request" ? `request process ${index}` : "the background process"} (${restarts} times, last with ${died?.how})`,
      );
      return `processes of the gateway have died within the last ${LATELY_MS / 60_000} minutes: ${words.join(", ")}; look for the reason in the log`;
    },
  };

  /** All processes, with the memory that each takes. */
  async status(): Promise<ProcessAnswer[]> {
    const memory = new Map<number, number>([[process.pid, process.memoryUsage.rss()]]);
    await Promise.all(
      [...this.measured.keys()].map(async (connection) => {
        const about = await ask<{ readonly pid: number; readonly bytes: number }>(connection, "memory").catch(
          () => undefined,
        );
        if (about) memory.set(about.pid, about.bytes);
      }),
    );
    return this.views.map(({ role, index, pid, since, restarts, serving, memoryBytes }) => {
      const bytes = memoryBytes ?? (pid === undefined ? undefined : memory.get(pid));
      return {
        role: role === "request" ? `request ${index}` : role,
        ...(pid === undefined ? {} : { pid }),
        since: new Date(since).toISOString(),
        restarts,
        serving,
        ...(bytes === undefined ? {} : { memoryBytes: bytes }),
      };
    });
  }

  async close(): Promise<void> {
    this.stopTelling();
    await this.server?.close();
  }

  private get requestViews(): readonly ProcessView[] {
    return this.views.filter(({ role }) => role === "request");
  }
}

async function ask<T>(connection: Connection, name: string): Promise<T> {
  return (await connection.call(name, undefined, { timeoutMs: ASK_MS })) as T;
}

function isSame(one: Facts, other: Facts): boolean {
  return (
    one.account === other.account &&
    one.connected === other.connected &&
    one.keepRemoved === other.keepRemoved &&
    // It is made anew when it is read anew.
    one.paidUntil === other.paidUntil
  );
}
