import type { Socket } from "node:net";
import { onAbort } from "../async/abort.js";
import { after } from "../async/timer.js";
import type { Clock } from "../model/clock.js";
import { asError, DomainError } from "../model/errors.js";
import { ByteStream } from "../streams/byte-stream.js";
import { receivedFailure, sentFailure, unavailable, type SentFailure } from "./failure.js";
import {
  decoded,
  encoded,
  FRAME,
  frameHeader,
  FrameReader,
  MAX_PAYLOAD_BYTES,
  tooLong,
  type Frame,
  type FrameKind,
} from "./frames.js";
import { IncomingStream, OutgoingStream } from "./streams.js";

/** Bytes, and what is to be known of them when they have ended, or broken off. */
export interface ServedStream {
  readonly bytes: ByteStream;
  readonly trailer?: () => unknown;
}

type Serve<Result> = (argument: never, signal: AbortSignal) => Result | Promise<Result>;

/** What one end of a connection does for the other. */
export interface Served {
  /** Questions. The signal aborts when nobody waits for the answer any more. */
  readonly calls?: Readonly<Record<string, Serve<unknown>>>;
  /** Questions that are answered with bytes. `trailer` is also told of a stream that could not begin. */
  readonly streams?: Readonly<Record<string, Serve<ServedStream>>>;
  /** Messages that nobody waits for. They must not throw. */
  readonly notices?: Readonly<Record<string, (argument: never) => void>>;
}

export interface ConnectionComponents {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly served: Served;
}

export const CONNECTION_DEFAULTS = {
  /** Calls and streams under way in one direction. Further ones are refused with DomainError `overloaded`. */
  maxCalls: 8_192,
  /** How long an answer may take unless the caller says otherwise, ms. */
  timeoutMs: 60_000,
};

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Infinity: as long as the other process lives. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Calls, streams and notices between two processes of one machine, in both directions over one socket. When it ends, all
 * that was under way fails: here with DomainError `dependencyUnavailable`, at the other end by an aborted signal.
 */
export class Connection {
  private readonly reader = new FrameReader();
  private readonly waiting = new Map<number, Waiting>();
  private readonly incoming = new Map<number, IncomingStream>();
  private readonly serving = new Map<number, AbortController>();
  private readonly outgoing = new Map<number, OutgoingStream>();
  private readonly closing = new AbortController();
  private readonly settings: typeof CONNECTION_DEFAULTS;
  private last = 0;

  constructor(
    private readonly components: ConnectionComponents,
    settings: Partial<typeof CONNECTION_DEFAULTS> = {},
  ) {
    this.settings = { ...CONNECTION_DEFAULTS, ...settings };
    const { socket } = components;
    socket.on("data", (chunk: Buffer) => this.read(chunk));
    socket.on("error", (error) => this.end(error));
    socket.on("close", () => this.end(new Error("the connection was closed")));
  }

  /** Aborts when the connection has ended. */
  get ended(): AbortSignal {
    return this.closing.signal;
  }

  close(): void {
    this.end(new Error("the connection is closed"));
  }

  /** Lost when the connection is. */
  notify(name: string, argument?: unknown): void {
    this.send(FRAME.notice, 0, encoded({ name, argument }));
  }

  /** Rejects with what the other end threw, with the signal's reason, or with DomainError `dependencyUnavailable`. */
  call(name: string, argument?: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.ask(name, argument, options, (id) => void this.waiting.delete(id));
  }

  /**
   * Resolves when the first bytes are there. The other end sends no more than its reader takes; `onTrailer` is called once,
   * when the stream has ended or broken off, with what the other end says of it.
   */
  async open(
    name: string,
    argument: unknown,
    options: CallOptions = {},
    onTrailer: (trailer: unknown) => void = () => undefined,
  ): Promise<ByteStream> {
    let id = 0;
    const stream = new IncomingStream({
      credit: (bytes) => this.sendCredit(id, bytes),
      cancel: () => this.forget(id),
      onTrailer,
    });
    const begun = this.ask(
      name,
      argument,
      { timeoutMs: Infinity, ...options },
      (given) => {
        this.waiting.delete(given);
      },
      (given) => {
        id = given;
        this.incoming.set(given, stream);
      },
    );
    try {
      await begun;
    } catch (error) {
      this.incoming.delete(id);
      throw error;
    }
    return ByteStream.begin(stream.read(), options.signal, (ended) => {
      if (!ended) stream.leave();
    });
  }

  private ask(
    name: string,
    argument: unknown,
    { signal, timeoutMs = this.settings.timeoutMs }: CallOptions,
    settled: (id: number) => void,
    prepare: (id: number) => void = () => undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.ended.aborted) throw lost(this.ended.reason);
      if (signal?.aborted) throw asError(signal.reason);
      if (this.waiting.size + this.incoming.size >= this.settings.maxCalls)
        throw new DomainError({ kind: "overloaded" }, "Too many questions wait for the gateway's background process.");
      const payload = encoded({ name, argument });
      if (payload.length > MAX_PAYLOAD_BYTES) throw tooLong(payload.length);
      const id = this.nextId();
      const stops: (() => void)[] = [];
      const settle = (then: () => void) => {
        for (const stop of stops) stop();
        settled(id);
        then();
      };
      const cancel = (reason: Error) => {
        this.forget(id);
        settle(() => reject(reason));
      };
      prepare(id);
      this.waiting.set(id, {
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      });
      if (timeoutMs !== Infinity)
        stops.push(
          after(this.components.clock, timeoutMs, () =>
            cancel(unavailable(`The gateway's background process did not answer within ${timeoutMs / 1000} s.`)),
          ),
        );
      this.send(FRAME.call, id, payload);
      stops.push(onAbort(signal, cancel));
    });
  }

  /** Numbers are used again after 4 billion calls. */
  private nextId(): number {
    do this.last = (this.last % 0xffff_ffff) + 1;
    while (this.waiting.has(this.last) || this.incoming.has(this.last));
    return this.last;
  }

  /** Of a call whose caller is gone. */
  private forget(id: number): void {
    this.incoming.delete(id);
    this.send(FRAME.cancel, id);
  }

  private sendCredit(id: number, bytes: number): void {
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32LE(bytes);
    this.send(FRAME.credit, id, payload);
  }

  private send(kind: FrameKind, id: number, payload?: Uint8Array): void {
    const { socket } = this.components;
    if (this.ended.aborted || !socket.writable) return;
    socket.cork();
    socket.write(frameHeader(kind, id, payload?.byteLength ?? 0));
    if (payload && payload.byteLength > 0) socket.write(payload);
    process.nextTick(() => socket.uncork());
  }

  private read(chunk: Buffer): void {
    try {
      for (const frame of this.reader.take(chunk)) this.take(frame);
    } catch (error) {
      // Nothing that follows can be understood.
      this.end(asError(error));
    }
  }

  private take({ kind, call: id, payload }: Frame): void {
    switch (kind) {
      case FRAME.call:
        return void this.serve(id, decoded(payload) as { name: string; argument: never });
      case FRAME.notice: {
        const { name, argument } = decoded(payload) as { name: string; argument: never };
        return this.components.served.notices?.[name]?.(argument);
      }
      case FRAME.answer:
        return this.waiting.get(id)?.resolve(decoded(payload));
      case FRAME.failure: {
        const failure = decoded(payload) as SentFailure;
        const error = receivedFailure(failure);
        this.incoming.get(id)?.fail(error, failure.trailer);
        this.incoming.delete(id);
        return this.waiting.get(id)?.reject(error);
      }
      case FRAME.begun:
        return this.waiting.get(id)?.resolve(undefined);
      case FRAME.bytes:
        return this.incoming.get(id)?.push(payload);
      case FRAME.end:
        this.incoming.get(id)?.end(decoded(payload));
        return void this.incoming.delete(id);
      case FRAME.cancel:
        return this.serving.get(id)?.abort(new DOMException("nobody waits for the answer any more", "AbortError"));
      case FRAME.credit:
        return this.outgoing.get(id)?.credit(payload.readUInt32LE());
    }
  }

  private async serve(
    id: number,
    { name, argument }: { readonly name: string; readonly argument: never },
  ): Promise<void> {
    const { calls, streams } = this.components.served;
    const abort = new AbortController();
    if (this.serving.size >= this.settings.maxCalls) {
      const refused = new DomainError({ kind: "overloaded" }, "Too many questions wait for an answer.");
      this.send(FRAME.failure, id, encoded(sentFailure(refused)));
      return;
    }
    this.serving.set(id, abort);
    try {
      const stream = streams?.[name];
      if (stream) {
        await this.serveStream(id, await stream(argument, abort.signal), abort.signal);
        return;
      }
      const call = calls?.[name];
      if (!call) throw new Error(`there is no call ${name}`);
      const value = await call(argument, abort.signal);
      if (!abort.signal.aborted) this.send(FRAME.answer, id, encoded(value));
    } catch (error) {
      if (!abort.signal.aborted) this.send(FRAME.failure, id, encoded(sentFailure(error)));
    } finally {
      this.serving.delete(id);
    }
  }

  private async serveStream(id: number, { bytes, trailer }: ServedStream, signal: AbortSignal): Promise<void> {
    const stream = new OutgoingStream(signal);
    this.outgoing.set(id, stream);
    this.send(FRAME.begun, id);
    try {
      await stream.pump(bytes, (piece) => this.send(FRAME.bytes, id, piece));
      this.send(FRAME.end, id, encoded(trailer?.()));
    } catch (error) {
      if (!signal.aborted) this.send(FRAME.failure, id, encoded(sentFailure(error, trailer?.())));
    } finally {
      bytes.close();
      this.outgoing.delete(id);
    }
  }

  private end(reason: Error): void {
    if (this.ended.aborted) return;
    this.closing.abort(reason);
    this.components.socket.destroy();
    for (const abort of this.serving.values()) abort.abort(reason);
    const error = lost(reason);
    for (const stream of this.incoming.values()) stream.fail(error);
    this.incoming.clear();
    for (const { reject } of [...this.waiting.values()]) reject(error);
  }
}

function lost(cause: unknown): DomainError {
  return unavailable("The gateway's background process is being started again. Try again.", cause);
}
