import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../lib/failure.js";
import { endedBy } from "../lib/session.js";

export interface Loaded<T> {
  /** Undefined until it came; what came before, while it is asked anew. */
  readonly value: Signal<T | undefined>;
  readonly failure: Signal<string>;
  /** Asks again. */
  readonly again: () => Promise<void>;
}

/** Asks when the page is shown and when `keys` change; every `everyMs` again, while the tab is looked at. */
export function useLoad<T>(ask: () => Promise<T>, keys: readonly unknown[], everyMs = 0): Loaded<T> {
  const value = useSignal<T | undefined>(undefined);
  const failure = useSignal("");
  const asked = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;
  const again = async () => {
    const turn = ++asked.current;
    try {
      const found = await latest.current();
      // An answer that was overtaken is of no use.
      if (turn !== asked.current) return;
      value.value = found;
      failure.value = "";
    } catch (error) {
      if (turn === asked.current && !endedBy(error)) failure.value = words(error);
    }
  };
  useEffect(() => {
    value.value = undefined;
    failure.value = "";
    void again();
    const timer =
      everyMs > 0 ? setInterval(() => void (document.visibilityState === "visible" && again()), everyMs) : undefined;
    return () => {
      asked.current++;
      clearInterval(timer);
    };
  }, keys);
  return { value, failure, again };
}
