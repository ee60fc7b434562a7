import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { onAbort } from "../async/abort.js";
import type { Clock } from "../model/clock.js";
import { Connection, type Served } from "./connection.js";

export interface LocalServerComponents {
  readonly clock: Clock;
  readonly served: Served;
  /** Called with each connection. */
  readonly onConnection?: (connection: Connection) => void;
}

/** Connections at a time: one for each request process, and some that are about to end. */
const MAX_CONNECTIONS = 1_024;

/** Serves the other processes of this machine on a Unix domain socket that no other user may open. */
export class LocalServer {
  private readonly connections = new Set<Connection>();
  private readonly server: Server;

  constructor(private readonly components: LocalServerComponents) {
    this.server = createServer((socket) => this.connected(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** The caller holds the folder, so a socket that is there is an ended process's. */
  async listen(path: string): Promise<void> {
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(path, resolve);
    });
    await chmod(path, 0o600);
  }

  /** Those that are open. */
  get open(): readonly Connection[] {
    return [...this.connections];
  }

  /** Ends all connections, and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const connection of this.connections) connection.close();
    await closed;
  }

  private connected(socket: Socket): void {
    const { clock, served, onConnection } = this.components;
    const connection = new Connection({ socket, clock, served });
    this.connections.add(connection);
    onAbort(connection.ended, () => this.connections.delete(connection));
    onConnection?.(connection);
  }
}
