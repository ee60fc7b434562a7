import { signal } from "@preact/signals";
import type { SampleAnswer, StatusAnswer } from "../../../src/cli/admin-answers.js";
import type { Admin } from "./admin.js";
import { isAbort } from "./failure.js";
import { endedBy } from "./session.js";

/** Samples of an hour. */
const KEPT = 720;
const AGAIN_MS = 3_000;

export const status = signal<StatusAnswer | undefined>(undefined);
export const samples = signal<readonly SampleAnswer[]>([]);
/** Whether events come. */
export const live = signal(false);

/** Follows the gateway until aborted; when the stream breaks, it is begun again. */
export async function follow(admin: Admin, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let fresh = true;
    try {
      await admin.events((name, data) => {
        live.value = true;
        if (name === "status") status.value = data as StatusAnswer;
        if (name === "sample") samples.value = [...samples.value, data as SampleAnswer].slice(-KEPT);
        if (name === "history") {
          samples.value = fresh ? (data as SampleAnswer[]) : [...samples.value, ...(data as SampleAnswer[])];
          fresh = false;
        }
      }, signal);
    } catch (error) {
      if (isAbort(error) || endedBy(error)) return;
    }
    live.value = false;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
