import { readFile } from "node:fs/promises";
import { z } from "zod";
import { replaceFile } from "../files/replace-file.js";

const portsSchema = z.record(z.string(), z.number().int().min(1).max(65535));

/** The ports that the network's servers had last time: where a port is free, a node keeps its endpoint on chain. */
export class NetworkPorts {
  private constructor(
    private readonly path: string,
    private readonly known: Readonly<Record<string, number>>,
  ) {}

  /** A file that is missing or damaged is as one of a network that never ran: its servers get other ports. */
  static async load(path: string): Promise<NetworkPorts> {
    return new NetworkPorts(path, (await readPorts(path)) ?? {});
  }

  /** Starts a server on the port that it had, or on any (0) when another one has that by now. */
  async start<T>(server: string, start: (port: number) => Promise<T>): Promise<T> {
    try {
      return await start(this.known[server] ?? 0);
    } catch (error) {
      // Asking before whether it is free would prove nothing: another one may take it in between.
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      return start(0);
    }
  }

  async save(ports: Readonly<Record<string, number>>): Promise<void> {
    await replaceFile(this.path, JSON.stringify(ports, undefined, 2));
  }
}

async function readPorts(path: string): Promise<Readonly<Record<string, number>> | undefined> {
  try {
    return portsSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}
