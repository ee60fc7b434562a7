import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import type { Services } from "../gateway/services.js";
import { VERSION } from "../version.js";
import { counter, labelledCounter, labelledGauge } from "./families.js";

/** The process itself: its memory and event loop, its log. */
export function processFamilies(registry: Registry, droppedLines: () => number): void {
  collectDefaultMetrics({ register: registry });
  counter(
    registry,
    "cess_s3_log_dropped_lines_total",
    "Lines of the log that were dropped, because nobody read them in time",
    droppedLines,
  );
}

/** What the program is, and its background workers. */
export function programFamilies(registry: Registry, { supervisor }: Pick<Services, "supervisor">): void {
  new Gauge({
    name: "cess_s3_build_info",
    help: "1; the labels tell the version of the program and of Node.js",
    labelNames: ["version", "node_version", "platform"],
    registers: [registry],
  }).set({ version: VERSION, node_version: process.version, platform: `${process.platform}-${process.arch}` }, 1);
  const byWorker = (member: "running" | "steps" | "failures") => () =>
    Object.fromEntries(supervisor.status().map((worker) => [worker.name, worker[member]]));
  labelledGauge(
    registry,
    "cess_s3_worker_running",
    "Steps of background workers that run",
    byWorker("running"),
    "worker",
  );
  labelledCounter(
    registry,
    "cess_s3_worker_steps_total",
    "Steps of background workers that ended",
    byWorker("steps"),
    "worker",
  );
  labelledCounter(
    registry,
    "cess_s3_worker_failures_total",
    "Steps of background workers that failed",
    byWorker("failures"),
    "worker",
  );
}
