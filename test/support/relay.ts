import { createServer, connect, type Server, type Socket } from "node:net";
import { reservePort } from "./reserved-port.js";

/** A TCP relay between a client and a server, for everything that can happen to a connection. */
export class Relay {
  private readonly server: Server;
  private readonly pairs = new Set<{ client: Socket; upstream: Socket }>();
  private readonly target: URL;
  /** Its own, while it is closed as well: nobody else answers there. */
  private listening = 0;
  /** Nothing that the server says reaches the client any more; what the client says still arrives. */
  private isDeaf = false;

  constructor(target: string) {
    this.target = new URL(target);
    this.server = createServer((client) => this.join(client));
  }

  /** Listens, on the same port as before if it did. */
  async open(): Promise<this> {
    this.listening ||= await reservePort();
    await new Promise<void>((resolve, reject) =>
      this.server.once("error", reject).listen(this.listening, "127.0.0.1", () => {
        this.server.off("error", reject);
        resolve();
      }),
    );
    return this;
  }

  get port(): number {
    return this.listening;
  }

  get endpoint(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    for (const { client, upstream } of this.pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  set deaf(deaf: boolean) {
    this.isDeaf = deaf;
    for (const { client, upstream } of this.pairs) this.wire(client, upstream);
  }

  /** Cuts every connection and refuses new ones. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  private join(client: Socket): void {
    const upstream = connect(Number(this.target.port), this.target.hostname);
    const pair = { client, upstream };
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    client.pipe(upstream);
    this.wire(client, upstream);
  }

  private wire(client: Socket, upstream: Socket): void {
    upstream.unpipe(client);
    if (this.isDeaf) upstream.on("data", () => undefined);
    else upstream.pipe(client);
  }
}
