import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import type { Notify, Subscriber } from "./method.js";
import { RpcError } from "./rpc-error.js";

export interface ConnectionSettings {
  readonly subscriptionsLimit: number;
  /** Bytes that may wait for a client that does not read; beyond them it is cut off. */
  readonly unreadBytesLimit: number;
}

interface Subscription {
  stop: () => void;
  ended: boolean;
}

/** One WebSocket client and its subscriptions. */
export class Connection implements Subscriber {
  private readonly subscriptions = new Map<string, Subscription>();
  /** Results that came before the client has been told the subscription's id. */
  private held: string[] | undefined;

  constructor(
    readonly socket: WebSocket,
    readonly settings: ConnectionSettings,
  ) {}

  subscribe(notification: string, start: (notify: Notify, end: () => void) => () => void): string {
    if (this.subscriptions.size >= this.settings.subscriptionsLimit)
      throw new RpcError(-32006, "Too many subscriptions on the connection");
    const id = randomBytes(8).toString("hex");
    this.held ??= [];
    const subscription = { stop: (): void => undefined, ended: false };
    this.subscriptions.set(id, subscription);
    const notify: Notify = (result) => {
      if (!subscription.ended)
        this.notify({ jsonrpc: "2.0", method: notification, params: { subscription: id, result } });
    };
    try {
      subscription.stop = start(notify, () => void this.unsubscribe(id));
    } catch (error) {
      this.subscriptions.delete(id);
      throw error;
    }
    // A subscription may end while it starts, before there was anything to stop.
    if (this.ended(id)) subscription.stop();
    return id;
  }

  unsubscribe(id: string): boolean {
    const subscription = this.subscriptions.get(id);
    if (subscription === undefined) return false;
    subscription.ended = true;
    this.subscriptions.delete(id);
    subscription.stop();
    return true;
  }

  /** Sends a request's answer, then the first results of its subscription. */
  answer(text: string): void {
    this.send(text);
    const held = this.held ?? [];
    this.held = undefined;
    for (const one of held) this.send(one);
  }

  close(): void {
    for (const id of [...this.subscriptions.keys()]) this.unsubscribe(id);
  }

  private ended(id: string): boolean {
    return !this.subscriptions.has(id);
  }

  private notify(message: unknown): void {
    const text = JSON.stringify(message);
    if (this.held === undefined) this.send(text);
    else this.held.push(text);
  }

  private send(text: string): void {
    if (this.socket.bufferedAmount > this.settings.unreadBytesLimit) this.socket.terminate();
    else if (this.socket.readyState === this.socket.OPEN) this.socket.send(text);
  }
}
