import { Server, type ServerOptions } from "node:https";
import type { Socket } from "node:net";
import type { KeyPair } from "./key-pair.js";

/** In which a connection must be secure, ms. */
const HANDSHAKE_MS = 10_000;
const PROTOCOL = { minVersion: "TLSv1.2" } as const;

/** The first byte of a TLS handshake. */
const HANDSHAKE = 0x16;
const REDIRECTION = "This port speaks TLS: use a URL that begins with https://\n";
const PLAIN_HTTP =
  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n" +
  `Content-Length: ${REDIRECTION.length}\r\n\r\n${REDIRECTION}`;

type ConnectionListener = (this: Server, socket: Socket) => void;

/** HTTP/1.1 over TLS 1.2 or 1.3. A client that speaks plain HTTP is told so. */
export class TlsServer extends Server {
  /** Connections that are not secure yet, by the peer's address and port. */
  private readonly opening = new Map<string, Socket>();

  constructor(pair: Pick<KeyPair, "cert" | "key">, options: ServerOptions = {}) {
    super({
      ...options,
      ...PROTOCOL,
      ...credentials(pair),
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: HANDSHAKE_MS,
    });
    const secure = this.listeners("connection") as ConnectionListener[];
    this.removeAllListeners("connection");
    this.on("connection", (socket: Socket) => this.receive(socket, secure));
    this.on("secureConnection", (socket) => this.opening.delete(peerOf(socket)));
  }

  /** For the connections that come from now on. */
  renew(pair: Pick<KeyPair, "cert" | "key">): void {
    this.setSecureContext({ ...PROTOCOL, ...credentials(pair) });
  }

  /** Node calls this when the server is closed. */
  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const socket of this.opening.values()) socket.destroy();
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const socket of this.opening.values()) socket.destroy();
  }

  private receive(socket: Socket, secure: readonly ConnectionListener[]): void {
    const peer = peerOf(socket);
    const slow = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
    this.opening.set(peer, socket);
    socket.once("close", () => {
      clearTimeout(slow);
      if (this.opening.get(peer) === socket) this.opening.delete(peer);
    });
    const ignored = () => undefined;
    socket.on("error", ignored);
    socket.once("readable", () => {
      clearTimeout(slow);
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return void socket.destroy();
      if (bytes[0] !== HANDSHAKE) return void socket.end(PLAIN_HTTP, () => socket.destroy());
      socket.unshift(bytes);
      socket.off("error", ignored);
      for (const listener of secure) listener.call(this, socket);
    });
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

function credentials({ cert, key }: Pick<KeyPair, "cert" | "key">) {
  return { cert, key };
}
