import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** Stands between a client and a server, and cuts their connections when it is told to. */
export class CuttingProxy {
  /** Connections are refused while this is true. */
  refusing = false;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private trigger: { readonly text: string; readonly forward: boolean } | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on("connection", (client) => this.accept(client));
  }

  static async to(target: { readonly host: string; readonly port: number }): Promise<CuttingProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new CuttingProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const pair of this.pairs) pair.forEach((socket) => socket.destroy());
  }

  /** Cuts the connection on which a client sends this text; `forward`: the server gets it, and its answer is lost. */
  cutAt(text: string, forward: boolean): void {
    this.trigger = { text, forward };
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, "close");
  }

  private accept(client: Socket): void {
    if (this.refusing) return void client.destroy();
    const server = connect(this.target);
    const pair = [client, server] as const;
    this.pairs.add(pair);
    let lost = false;
    client.on("data", (chunk) => {
      const { trigger } = this;
      if (trigger && chunk.includes(trigger.text)) {
        this.trigger = undefined;
        lost = true;
        if (!trigger.forward) return void client.destroy();
      }
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (lost) client.destroy();
      else client.write(chunk);
    });
    for (const [socket, other] of [pair, [server, client] as const]) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        other.destroy();
        this.pairs.delete(pair);
      });
    }
  }
}
