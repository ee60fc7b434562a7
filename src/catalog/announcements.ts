import type { Listener } from "./store.js";

/** Who listens to what, in this process. */
export class Announcements {
  private readonly listeners = new Map<string, Set<Listener>>();

  subscribe(topic: string, listener: Listener): () => void {
    const known = this.listeners.get(topic);
    if (known) known.add(listener);
    else this.listeners.set(topic, new Set([listener]));
    return () => {
      this.listeners.get(topic)?.delete(listener);
    };
  }

  /** On a later turn of the event loop: who announces something is not in the middle of its listeners' work. */
  deliver(topic: string, text: string): void {
    setImmediate(() => {
      for (const listener of [...(this.listeners.get(topic) ?? [])]) listener(text);
    });
  }
}
