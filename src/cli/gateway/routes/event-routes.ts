import { AdminRefusal, type AdminRoute } from "../../../admin/admin-server.js";
import type { SampleAnswer, StatusAnswer } from "../../admin-answers.js";
import { Remembered } from "../../metrics/remembered.js";
import { SAMPLE_MS, type History } from "../history.js";
import { status, type StatusComponents } from "./status-route.js";

/** Streams at a time. */
const MAX_STREAMS = 32;
/** Samples of one event, so that none is long. */
const CHUNK = 100;

const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * `GET /events`: the gateway as it is, as server-sent events: the last hour's samples (`history`), then each further
 * `sample`, and the whole `status` with it.
 */
export function eventRoute(components: StatusComponents, history: History): AdminRoute {
  const current = new Remembered(() => status(components));
  let streams = 0;
  async function* stream(): AsyncGenerator<string> {
    const waiting: SampleAnswer[] = [];
    const samples = [...history.samples];
    let wake: () => void = () => undefined;
    const unfollow = history.follow((sample) => {
      // Whoever does not read loses samples, not the gateway its memory.
      if (waiting.length < CHUNK) waiting.push(sample);
      wake();
    });
    try {
      yield event("status", (await current.get()) satisfies StatusAnswer);
      yield event("history", samples.slice(0, CHUNK));
      for (let at = CHUNK; at < samples.length; at += CHUNK) yield event("history", samples.slice(at, at + CHUNK));
      for (;;) {
        if (waiting.length === 0)
          await Promise.race([new Promise<void>((resolve) => (wake = resolve)), later(2 * SAMPLE_MS)]);
        for (const sample of waiting.splice(0)) yield event("sample", sample);
        yield event("status", (await current.get()) satisfies StatusAnswer);
      }
    } finally {
      streams--;
      unfollow();
    }
  }
  return {
    method: "GET",
    path: /^\/events$/,
    run: () => {
      if (streams >= MAX_STREAMS) throw new AdminRefusal(503, `${MAX_STREAMS} streams of events are open already`);
      streams++;
      const headers = { "cache-control": "no-store", "x-accel-buffering": "no" };
      return Promise.resolve({ status: 200, type: "text/event-stream", headers, body: "", stream: stream() });
    },
  };
}

/** Resolves in so many ms, and keeps no process alive. */
const later = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());
