import cluster from "node:cluster";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromChild } from "./messages.js";
import type { Child } from "./supervised-process.js";
import { dealUntakenAgain } from "./untaken-connections.js";

const MODULE = fileURLToPath(new URL("./child.js", import.meta.url));

/**
 * Half of the room that V8 takes for new objects otherwise, MiB: there are many of these processes, and what they make is
 * small and soon forgotten.
 */
const YOUNG = ["--max-semi-space-size=8"];

/** Enough of both kinds of children. */
interface Forked {
  on(event: "message", listener: (message: FromChild) => void): unknown;
  once(event: "exit", listener: (code: number | null, signal: string | null) => void): unknown;
}

/** A process that listens by itself. */
export function forkBackground(): Child {
  const child = fork(MODULE, { serialization: "advanced" });
  return {
    pid: child.pid,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    kill: () => void child.kill("SIGKILL"),
    ...events(child),
  };
}

/**
 * A process that shares its port with the others of its kind. Connections are dealt out in turn: keep-alive connections
 * of a few clients would otherwise gather at the process that happens to be awake. The hand-over costs once for each
 * connection. (Sockets of their own with SO_REUSEPORT need a newer Node.js, and lose the connections that wait for a
 * process that dies.)
 */
export function forkRequests(): Child {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const execArgv = [...process.execArgv, ...YOUNG];
  cluster.setupPrimary({ exec: MODULE, args: [], execArgv, serialization: "advanced" });
  const worker = cluster.fork();
  dealUntakenAgain(worker);
  return {
    pid: worker.process.pid,
    send: (message) => {
      if (worker.isConnected()) worker.send(message, () => undefined);
    },
    kill: () => void worker.process.kill("SIGKILL"),
    ...events(worker),
  };
}

function events(child: Forked): Pick<Child, "ended" | "onMessage"> {
  return {
    onMessage: (listener) => void child.on("message", listener),
    ended: new Promise((resolve) =>
      child.once("exit", (code, signal) => resolve(signal === null ? `code ${code}` : `signal ${signal}`)),
    ),
  };
}
