import { onAbort } from "../async/abort.js";
import type { ByteStream } from "../streams/byte-stream.js";

/** Bytes of one stream that are on their way or wait for their reader, at most. */
export const WINDOW_BYTES = 256 * 1024;
/** Bytes of one frame: others on the connection wait for no more than this. */
const PIECE_BYTES = 64 * 1024;

export interface IncomingStreamComponents {
  /** Tells the sender that the reader has taken so many bytes. */
  readonly credit: (bytes: number) => void;
  /** Called when the reader leaves before the end. */
  readonly cancel: () => void;
  readonly onTrailer: (trailer: unknown) => void;
}

/** The reader's end of a stream. What arrives before it is read is bounded by the window that the sender keeps to. */
export class IncomingStream {
  private readonly pieces: Buffer[] = [];
  private failure: Error | undefined;
  private over = false;
  private taken = 0;
  private wake: (() => void) | undefined;

  constructor(private readonly components: IncomingStreamComponents) {}

  push(piece: Buffer): void {
    this.pieces.push(piece);
    this.wake?.();
  }

  end(trailer: unknown): void {
    this.finish(undefined, trailer);
  }

  fail(error: Error, trailer?: unknown): void {
    this.finish(error, trailer);
  }

  /** The bytes. For one reader, who calls `leave` where it does not read to the end. */
  async *read(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const piece = this.pieces.shift();
      if (piece) {
        this.take(piece.length);
        yield piece;
        continue;
      }
      if (this.failure) throw this.failure;
      if (this.over) return;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** At once, also while `read` waits. */
  leave(): void {
    this.pieces.length = 0;
    if (!this.over) {
      this.over = true;
      this.components.cancel();
    }
    this.wake?.();
  }

  /** Half a window at a time: a message for each piece would cost as much as the piece. */
  private take(bytes: number): void {
    this.taken += bytes;
    if (this.over || this.taken < WINDOW_BYTES / 2) return;
    this.components.credit(this.taken);
    this.taken = 0;
  }

  private finish(failure: Error | undefined, trailer: unknown): void {
    if (this.over) return;
    this.over = true;
    this.failure = failure;
    this.components.onTrailer(trailer);
    this.wake?.();
  }
}

/** The sender's end of a stream. */
export class OutgoingStream {
  private open = WINDOW_BYTES;
  private wake: (() => void) | undefined;

  constructor(private readonly signal: AbortSignal) {}

  credit(bytes: number): void {
    this.open += bytes;
    this.wake?.();
  }

  /** Sends all bytes, at the reader's pace. Rejects as the source does, and with the signal's reason. */
  async pump(source: ByteStream, send: (piece: Uint8Array) => void): Promise<void> {
    const stop = onAbort(this.signal, () => {
      source.close();
      this.wake?.();
    });
    try {
      for await (const chunk of source) {
        for (let at = 0; at < chunk.byteLength;) {
          await this.room();
          const piece = chunk.subarray(at, at + Math.min(PIECE_BYTES, this.open));
          this.open -= piece.byteLength;
          at += piece.byteLength;
          // Copied where the source may fill its memory again while the socket still holds the piece.
          send(Uint8Array.from(piece));
        }
      }
      this.signal.throwIfAborted();
    } finally {
      stop();
    }
  }

  private async room(): Promise<void> {
    while (this.open <= 0) {
      this.signal.throwIfAborted();
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    this.signal.throwIfAborted();
  }
}
