import { signal } from "@preact/signals";
import type { Entry, S3 } from "../lib/s3.js";
import { Slots } from "../lib/slots.js";
import { t } from "../texts.js";

/** Objects whose states are asked for at a time; how long rows must stay in sight, and when they are asked again, ms. */
const SLOTS = new Slots(3);
const SETTLE_MS = 250;
const AGAIN_MS = 4_000;
/** States that are remembered; listings are longer. */
const MAX_KNOWN = 5_000;

export interface RowStates {
  /** Asks for the states of the rows in sight, once they have stayed there for a moment. */
  look(entries: readonly Entry[]): void;
  get(entry: Entry): string | undefined;
  close(): void;
}

const idOf = ({ key, versionId = "", etag }: Entry) => `${key}\n${versionId}\n${etag}`;

/** The listing does not tell how far objects are on their way: each that is looked at is asked for. */
export function rowStates(s3: S3, bucket: string): RowStates {
  const known = new Map<string, string>();
  const changed = signal(0);
  let seen: readonly Entry[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  const ask = async () => {
    const turn = seen;
    await Promise.all(
      turn
        .filter((entry) => entry.kind === "object" && known.get(idOf(entry)) !== "stored")
        .map(({ key, versionId, etag }) =>
          SLOTS.run(async () => {
            // Whoever has scrolled on does not wait for what is out of sight.
            if (turn !== seen || closed) return;
            const query = { versionId };
            const answer = await s3.ask({ method: "HEAD", bucket, key, query }).catch(() => undefined);
            const state = answer?.headers.get("x-cess-state") ?? "";
            if (known.size >= MAX_KNOWN) known.clear();
            known.set(`${key}\n${versionId ?? ""}\n${etag}`, state);
            changed.value++;
          }),
        ),
    );
    if (turn === seen && !closed) timer = setTimeout(() => void ask(), AGAIN_MS);
  };
  return {
    look(entries) {
      seen = entries;
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), SETTLE_MS);
    },
    get(entry) {
      // Read, so that whoever draws it draws it again.
      return changed.value >= 0 ? known.get(idOf(entry)) : undefined;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

export function StateOf({ states, entry }: { states: RowStates; entry: Entry }) {
  const state = states.get(entry);
  if (state === undefined || state === "") return null;
  return (
    <span class="small row" style={{ flexWrap: "nowrap" }}>
      <i class={`dot ${state}`} />
      {t.states[state] ?? state}
    </span>
  );
}
