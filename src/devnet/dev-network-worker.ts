import { setPriority } from "node:os";
import { inspect, types } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { DevNetwork, type DevNetworkSettings } from "./dev-network.js";
import type { DevUser } from "./dev-users.js";

const NICENESS = 5;

// A network elsewhere would not take the gateway's processors. On Linux this is the priority of the calling thread alone.
if (process.platform === "linux") setPriority(NICENESS);

/** What the thread of DevNetworkThread runs: starts the network, says so, then answers questions. */
export type Started =
  | { readonly chainEndpoint: string; readonly gatewayMnemonic: string; readonly users: readonly DevUser[] }
  /** `code` is the operating system's, such as EADDRINUSE: properties of an error do not reach another thread. */
  | { readonly error: Error; readonly code?: string | undefined };

export type Question =
  | { readonly call: "nodes" }
  | { readonly call: "setFault"; readonly n: number; readonly fault: unknown }
  | { readonly call: "close" };

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Error;
}

function answer(network: DevNetwork, question: Question): Promise<unknown> {
  switch (question.call) {
    case "nodes":
      return network.nodes();
    case "setFault":
      return Promise.resolve(network.setFault(question.n, question.fault));
    case "close":
      return network.close();
  }
}

/**
 * An error that reaches the other thread as one. Only the language's own kinds do: others, as the database's, arrive as
 * objects without a message.
 */
function portable(error: unknown): Error {
  if (types.isNativeError(error)) return error;
  return new Error(error instanceof Error ? error.message : inspect(error));
}

async function main(): Promise<void> {
  const network = await DevNetwork.start(workerData as DevNetworkSettings);
  parentPort?.on("message", ({ id, question }: { id: number; question: Question }) => {
    Promise.resolve()
      .then(() => answer(network, question))
      .then(
        (value) => parentPort?.postMessage({ id, value } satisfies Answer),
        (error: unknown) => parentPort?.postMessage({ id, error: portable(error) } satisfies Answer),
      );
  });
  const { chainEndpoint, gatewayMnemonic, users } = network;
  parentPort?.postMessage({ chainEndpoint, gatewayMnemonic, users } satisfies Started);
}

main().catch((error: unknown) => {
  const { code } = error as NodeJS.ErrnoException;
  parentPort?.postMessage({ error: portable(error), code } satisfies Started);
});
