import { connect, type Socket } from "node:net";
import { onAbort } from "../async/abort.js";
import { pause } from "../async/timer.js";
import type { Clock } from "../model/clock.js";
import type { ByteStream } from "../streams/byte-stream.js";
import { Connection, type CallOptions, type Served } from "./connection.js";
import { unavailable } from "./failure.js";

export interface LocalClientComponents {
  readonly clock: Clock;
  /** What this process does for the other one. */
  readonly served: Served;
  /** Called with each connection, before anything is asked. */
  readonly onConnection?: (connection: Connection) => void;
}

/** Between two attempts to connect, ms. */
const RETRY_MS = 100;

/**
 * A connection to the process that listens on a socket, made anew whenever it is lost. While there is none, calls reject
 * at once with DomainError `dependencyUnavailable`.
 */
export class LocalClient {
  private readonly closing = new AbortController();
  private current: Connection | undefined;
  private readonly connecting: Promise<void>;

  constructor(
    private readonly components: LocalClientComponents,
    private readonly path: string,
  ) {
    this.connecting = this.keepConnected();
  }

  get isConnected(): boolean {
    return this.current !== undefined;
  }

  /** Lost while there is no connection. */
  notify(name: string, argument?: unknown): void {
    this.current?.notify(name, argument);
  }

  /** As `Connection.call`. */
  call(name: string, argument?: unknown, options?: CallOptions): Promise<unknown> {
    return this.current ? this.current.call(name, argument, options) : Promise.reject(away());
  }

  /** As `Connection.open`. */
  open(
    name: string,
    argument: unknown,
    options?: CallOptions,
    onTrailer?: (trailer: unknown) => void,
  ): Promise<ByteStream> {
    return this.current ? this.current.open(name, argument, options, onTrailer) : Promise.reject(away());
  }

  async close(): Promise<void> {
    this.closing.abort(new Error("the client is closed"));
    this.current?.close();
    await this.connecting;
  }

  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private async keepConnected(): Promise<void> {
    const { clock, served, onConnection } = this.components;
    while (!this.isClosed()) {
      const socket = await connected(this.path);
      if (socket && !this.isClosed()) {
        const connection = new Connection({ socket, clock, served });
        this.current = connection;
        onConnection?.(connection);
        await ended(connection);
        this.current = undefined;
      } else socket?.destroy();
      await pause(clock, RETRY_MS, [this.closing.signal]).catch(() => undefined);
    }
  }
}

/** Undefined where nobody listens. */
function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const failed = () => resolve(undefined);
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function ended({ ended }: Connection): Promise<void> {
  return new Promise((resolve) => onAbort(ended, () => resolve()));
}

function away(): Error {
  return unavailable("The gateway's background process is being started again. Try again.");
}
