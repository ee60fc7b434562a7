import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { DevNetworkSettings, DevNodeStatus } from "./dev-network.js";
import type { Answer, Question, Started } from "./dev-network-worker.js";
import type { DevUser } from "./dev-users.js";

/**
 * The dev network in a thread of its own: its chain and nodes hash and copy as much as a gateway does, and must not
 * slow S3 requests down.
 */
export class DevNetworkThread {
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private asked = 0;

  private constructor(
    private readonly worker: Worker,
    readonly chainEndpoint: string,
    readonly gatewayMnemonic: string,
    readonly users: readonly DevUser[],
  ) {
    worker.on("message", ({ id, value, error }: Answer) => {
      const call = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) call?.resolve(value);
      else call?.reject(error);
    });
  }

  static async start(settings: DevNetworkSettings): Promise<DevNetworkThread> {
    const worker = new Worker(fileURLToPath(new URL("./dev-network-worker.js", import.meta.url)), {
      workerData: settings,
    });
    const [started] = (await once(worker, "message")) as [Started];
    if ("error" in started) {
      await worker.terminate();
      throw Object.assign(started.error, started.code === undefined ? {} : { code: started.code });
    }
    return new DevNetworkThread(worker, started.chainEndpoint, started.gatewayMnemonic, started.users);
  }

  nodes(): Promise<DevNodeStatus[]> {
    return this.ask({ call: "nodes" }) as Promise<DevNodeStatus[]>;
  }

  /** As DevNetwork.setFault. */
  setFault(n: number, fault: unknown): Promise<boolean> {
    return this.ask({ call: "setFault", n, fault }) as Promise<boolean>;
  }

  async close(): Promise<void> {
    await this.ask({ call: "close" });
    await this.worker.terminate();
  }

  private ask(question: Question): Promise<unknown> {
    const id = (this.asked += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, question });
    });
  }
}
