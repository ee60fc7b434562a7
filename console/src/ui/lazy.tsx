import { useSignal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { words } from "../lib/failure.js";
import { Loading, Notice } from "./parts.js";

/** A page whose code is loaded when it is first shown. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): (props: Props) => JSX.Element {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props) {
    const ready = useSignal(loaded !== undefined);
    const failure = useSignal("");
    useEffect(() => {
      if (loaded) return;
      load().then(
        (page) => {
          loaded = page;
          ready.value = true;
        },
        (error: unknown) => (failure.value = words(error)),
      );
    }, []);
    if (failure.value !== "") return <Notice tone="bad">{failure.value}</Notice>;
    const Page = loaded;
    return ready.value && Page ? <Page {...props} /> : <Loading />;
  };
}
