import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { BenchClient } from "./bench-client.js";

/** Milliseconds between one answer and the next HEAD. */
const PAUSE_MS = 5;

/** Times of HEAD requests while `work` runs, in ms, from a thread of its own that nothing else keeps waiting. */
export async function headsBeside(port: number, path: string, work: () => Promise<unknown>): Promise<number[]> {
  const prober = new Worker(new URL(import.meta.url), { workerData: { port, path } });
  await new Promise((resolve) => prober.once("message", resolve));
  await work();
  const times = new Promise<number[]>((resolve) => prober.once("message", resolve));
  prober.postMessage("enough");
  const result = await times;
  await prober.terminate();
  return result;
}

async function probe({ port, path }: { port: number; path: string }): Promise<void> {
  const client = new BenchClient(port);
  const times: number[] = [];
  const enough = new AbortController();
  parentPort?.once("message", () => enough.abort());
  await client.send({ method: "HEAD", path });
  parentPort?.postMessage("ready");
  while (!enough.signal.aborted) {
    const began = performance.now();
    await client.send({ method: "HEAD", path });
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  client.close();
  parentPort?.postMessage(times);
}

if (!isMainThread) await probe(workerData as { port: number; path: string });
