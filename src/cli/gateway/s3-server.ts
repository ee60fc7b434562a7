import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server that lets running requests finish before it stops. */
export class S3Server {
  constructor(private readonly server: Server) {}

  async listen(host: string, port: number): Promise<{ readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    return { port: (this.server.address() as AddressInfo).port };
  }

  /** Accepts nothing more, lets running requests finish for up to `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const cut = setTimeout(() => this.server.closeAllConnections(), graceMs);
    // Connections that become idle meanwhile would keep the server open until their keep-alive ends.
    const idle = setInterval(() => this.server.closeIdleConnections(), 50);
    await new Promise((resolve) => this.server.close(resolve));
    clearTimeout(cut);
    clearInterval(idle);
  }
}
