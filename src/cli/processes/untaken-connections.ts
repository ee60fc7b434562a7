import type { Worker } from "node:cluster";

/** What Node's cluster module tells a process with a connection, and what that answers when it has taken it. */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

/** Processes that take connections. */
const listening = new Set<Worker>();

/**
 * Gives connections to another process that this one was given and had not taken when it died. Node's cluster module waits
 * for its answer for ever, and keeps the connection open: the client hears nothing. So it gets the answer here that a
 * process gives which is about to end, and deals them out again. A process answers before it reads anything of a
 * connection, and what it has answered is read before `close`: no request is served twice. Where no other process listens,
 * the connections are closed.
 */
export function dealUntakenAgain(worker: Worker): void {
  const { process: child } = worker;
  const untaken = new Map<unknown, { close(): void }>();
  const send = child.send.bind(child) as (...given: unknown[]) => boolean;
  child.send = (...given: unknown[]) => {
    const [message, handle] = given as [ClusterMessage | undefined, { close(): void } | undefined];
    if (message?.cmd === "NODE_CLUSTER" && message.act === "newconn" && handle) untaken.set(message.seq, handle);
    return send(...given);
  };
  child.on("internalMessage", (message: ClusterMessage) => untaken.delete(message.ack));
  worker.once("listening", () => listening.add(worker));
  let disconnected = false;
  child.once("disconnect", () => (disconnected = true));
  child.once("close", () => {
    listening.delete(worker);
    // Node does not say so while a connection is on its way; the cluster module would go on giving it connections.
    if (!disconnected) child.emit("disconnect");
    for (const [seq, handle] of untaken) {
      if (listening.size > 0) child.emit("internalMessage", { cmd: "NODE_CLUSTER", ack: seq, accepted: false });
      else handle.close();
    }
    untaken.clear();
  });
}
