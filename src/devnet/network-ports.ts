import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { replaceFile } from "../files/replace-file.js";

/** The ports that the network's servers had last time: where a port is free, a node keeps its endpoint on chain. */
export class NetworkPorts {
  private constructor(
    private readonly path: string,
    private readonly known: Readonly<Record<string, number>>,
  ) {}

  static async load(path: string): Promise<NetworkPorts> {
    const text = await readFile(path, "utf8").catch(() => "{}");
    try {
      return new NetworkPorts(path, JSON.parse(text) as Record<string, number>);
    } catch {
      return new NetworkPorts(path, {});
    }
  }

  /** The port this server had, if nobody else has taken it; else 0, for any. */
  async of(server: string): Promise<number> {
    const port = this.known[server];
    return port !== undefined && (await isFree(port)) ? port : 0;
  }

  async save(ports: Readonly<Record<string, number>>): Promise<void> {
    await replaceFile(this.path, JSON.stringify(ports, undefined, 2));
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
