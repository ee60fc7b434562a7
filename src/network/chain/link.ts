import { connect as connectTcp } from "node:net";
import { ApiPromise, WsProvider } from "@polkadot/api";
import type { ProviderInterface } from "@polkadot/rpc-provider/types";
import { asError } from "../../model/errors.js";
import { abortable } from "../../async/abort.js";
import { ChainUnavailable } from "./chain.js";
import { endpointName } from "./endpoint-name.js";

/** The node answered with a JSON-RPC error: it is reachable, but will not do this. */
export class RpcRefusal extends ChainUnavailable {
  constructor(
    readonly code: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "RpcRefusal";
  }
}

/**
 * CheckMqSequence carries and signs nothing; polkadot-js only has to know that it exists. The other signed extensions
 * of the CESS runtime are Substrate's own.
 */
const CESS_SIGNED_EXTENSIONS = { CheckMqSequence: { extrinsic: {}, payload: {} } };

/** Time for the closing handshake of a socket, milliseconds. */
const FAREWELL_MS = 1000;

/**
 * One WebSocket to one endpoint, from the moment its metadata is read until it breaks; it never comes back. A new link
 * reads everything anew, so nothing of a runtime that changed meanwhile can survive a reconnect. While it lives,
 * polkadot-js reads the metadata again when the runtime version changes.
 */
export class Link {
  private readonly downController = new AbortController();

  private constructor(
    readonly endpoint: string,
    private readonly provider: WsProvider,
    private apiPromise: ApiPromise | undefined,
  ) {
    provider.on("disconnected", () => this.break("the connection was closed"));
    provider.on("error", (error: unknown) => {
      if (!provider.isConnected) this.break(messageOf(error));
    });
  }

  /** Connects and reads the metadata. Rejects with ChainUnavailable, or with the signal's reason. */
  static async open(endpoint: string, signals: readonly AbortSignal[]): Promise<Link> {
    await probe(endpoint, signals);
    const provider = new WsProvider(endpoint, false);
    const link = new Link(endpoint, provider, undefined);
    try {
      const connected = new Promise((resolve) => provider.on("connected", () => resolve(undefined)));
      await provider.connect();
      await abortable(connected, [link.down, ...signals]);
      // The library's own two types differ in whether `ttl` may be undefined.
      const api = new ApiPromise({
        provider: provider as ProviderInterface,
        signedExtensions: CESS_SIGNED_EXTENSIONS,
        noInitWarn: true,
      });
      link.apiPromise = api;
      api.isReady.catch(() => undefined);
      await abortable(api.isReadyOrError, [link.down, ...signals]);
      return link;
    } catch (error) {
      await link.close();
      if (error instanceof ChainUnavailable) throw error;
      throw new ChainUnavailable(`${endpointName(endpoint)}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The endpoint as messages name it. */
  get name(): string {
    return endpointName(this.endpoint);
  }

  get api(): ApiPromise {
    if (this.apiPromise === undefined) throw new Error("the link is not open yet");
    return this.apiPromise;
  }

  /** Aborts with ChainUnavailable when the link is broken or closed. */
  get down(): AbortSignal {
    return this.downController.signal;
  }

  /**
   * One JSON-RPC call, always sent: polkadot's own `api.rpc` shares the answer of an equal call that is under way,
   * which may have been given before the change the caller wants to see. Rejects with RpcRefusal when the node says no.
   */
  async send(method: string, params: readonly unknown[]): Promise<unknown> {
    try {
      return await abortable(this.provider.send<unknown>(method, [...params]), [this.down]);
    } catch (error) {
      if (error instanceof ChainUnavailable) throw error;
      const code = (error as { code?: unknown }).code;
      if (typeof code === "number") throw new RpcRefusal(code, messageOf(error), { cause: error });
      throw new ChainUnavailable(`${this.name}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Subscribes for as long as the link lives. */
  async subscribe(type: string, method: string, listener: (result: unknown) => void): Promise<void> {
    const onMessage = (error: Error | null, result: unknown) => {
      if (error === null) listener(result);
    };
    await abortable(this.provider.subscribe(type, method, [], onMessage), [this.down]);
  }

  /** Ends the link; every call under way rejects with ChainUnavailable. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.provider.on("disconnected", () => resolve(undefined)));
    const wasConnected = this.provider.isConnected;
    this.break("the connection is closed");
    await (this.apiPromise ?? this.provider).disconnect();
    if (!wasConnected) return;
    await abortable(closed, [AbortSignal.timeout(FAREWELL_MS)]).catch(() => undefined);
  }

  private break(why: string): void {
    this.downController.abort(new ChainUnavailable(`${this.name}: ${why}`));
  }
}

/**
 * Checks that the port can be connected to. The WebSocket of Node 22 emits no close event when its first connection is
 * refused, and WsProvider would keep a timer for ever.
 */
async function probe(endpoint: string, signals: readonly AbortSignal[]): Promise<void> {
  const url = new URL(endpoint);
  const port = url.port === "" ? (url.protocol === "wss:" ? 443 : 80) : Number(url.port);
  const socket = connectTcp({ port, host: url.hostname.replace(/^\[|\]$/g, "") });
  try {
    await abortable(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
      }),
      signals,
    );
  } catch (error) {
    throw new ChainUnavailable(`${endpointName(endpoint)}: ${messageOf(error)}`, { cause: error });
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}

/** Of Error objects and of the bare events that WebSockets report. */
function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | undefined)?.message;
  return typeof message === "string" && message !== "" ? message : asError(error).message;
}
