import { deserialize, serialize } from "node:v8";

/**
 * A frame: 4 bytes with the payload's length, 1 byte with its kind, 4 bytes with the number of the call, and the payload.
 * Values are in the form of the structured clone. Both ends are processes of one program on one machine.
 */
export const HEADER_BYTES = 9;
/** A payload is never longer, in bytes: a list of 10,000 parts, or a file of 1,000 segments, takes under 2 MiB. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** What a frame says. */
export const FRAME = {
  /** A question: name and argument. */
  call: 1,
  /** A message that nobody answers: name and argument. */
  notice: 2,
  /** The value of a call. */
  answer: 3,
  /** A call failed, or a stream broke off. */
  failure: 4,
  /** The caller does not wait any longer. */
  cancel: 5,
  /** A stream's first bytes are there. */
  begun: 6,
  bytes: 7,
  /** A stream's end, with what is to be known of it. */
  end: 8,
  /** The reader takes so many more bytes. */
  credit: 9,
} as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export interface Frame {
  readonly kind: FrameKind;
  /** The number of the call, which its caller chose. */
  readonly call: number;
  readonly payload: Buffer;
}

const EMPTY = Buffer.alloc(0);

export function tooLong(payloadBytes: number): RangeError {
  return new RangeError(`a message of ${payloadBytes} bytes is longer than ${MAX_PAYLOAD_BYTES}`);
}

/** The header, and behind it the payload, which is not copied. */
export function frameHeader(kind: FrameKind, call: number, payloadBytes: number): Buffer {
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw tooLong(payloadBytes);
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(payloadBytes, 0);
  header.writeUInt8(kind, 4);
  header.writeUInt32LE(call, 5);
  return header;
}

export const encoded = (value: unknown): Buffer => serialize(value);
export const decoded = (payload: Buffer): unknown => deserialize(payload);

/** Cuts frames out of what arrives. */
export class FrameReader {
  private waiting: Buffer[] = [];
  private length = 0;

  /** The frames that are whole now. Throws RangeError for one that is too long. */
  *take(chunk: Buffer): Generator<Frame, void> {
    this.waiting.push(chunk);
    this.length += chunk.length;
    while (this.length >= HEADER_BYTES) {
      const header = this.peek(HEADER_BYTES);
      const payloadBytes = header.readUInt32LE(0);
      if (payloadBytes > MAX_PAYLOAD_BYTES) throw new RangeError(`a frame of ${payloadBytes} bytes`);
      if (this.length < HEADER_BYTES + payloadBytes) return;
      const kind = header.readUInt8(4) as FrameKind;
      const call = header.readUInt32LE(5);
      this.cut(HEADER_BYTES);
      yield { kind, call, payload: payloadBytes === 0 ? EMPTY : this.cut(payloadBytes) };
    }
  }

  private peek(bytes: number): Buffer {
    const [first = EMPTY] = this.waiting;
    if (first.length >= bytes) return first;
    // Joined once for each frame, however many chunks it came in.
    this.waiting = [Buffer.concat(this.waiting)];
    return this.waiting[0] ?? EMPTY;
  }

  private cut(bytes: number): Buffer {
    const all = this.peek(bytes);
    const piece = all.subarray(0, bytes);
    this.length -= bytes;
    if (all.length > bytes) this.waiting[0] = all.subarray(bytes);
    else this.waiting.shift();
    return piece;
  }
}
