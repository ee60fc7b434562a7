import type { Clock } from "../model/clock.js";
import { KIB } from "../model/sizes.js";

/**
 * Ways a storage node can fail on purpose. `down`: it destroys every connection and reports nothing. `slow`: bytes
 * trickle both ways. `corrupt`: it serves wrong bytes. `silent`: it takes fragments and never reports.
 */
export const faults = ["none", "down", "slow", "corrupt", "silent"] as const;
export type Fault = (typeof faults)[number];

export function isFault(value: unknown): value is Fault {
  return (faults as readonly unknown[]).includes(value);
}

export interface FaultySettings {
  /** Bytes a second that `slow` leaves, in each direction of each transfer. */
  readonly slowBytesPerSecond: number;
}

export const faultyDefaults: FaultySettings = { slowBytesPerSecond: 64 * KIB };

/** Slices a second that `slow` cuts its trickle into. */
const TRICKLE_HZ = 10;

/** The present fault and its effect on bytes. It can change in the middle of a transfer. */
export class FaultyLink {
  fault: Fault = "none";
  private readonly settings: FaultySettings;

  constructor(
    private readonly components: { readonly clock: Clock },
    settings: Partial<FaultySettings> = {},
  ) {
    this.settings = { ...faultyDefaults, ...settings };
  }

  get reports(): boolean {
    return this.fault !== "silent" && this.fault !== "down";
  }

  receive(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.trickle(bytes, signal);
  }

  async *serve(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.trickle(bytes, signal)) {
      if (this.fault === "corrupt" && chunk[0] !== undefined) chunk[0] ^= 0xff;
      yield chunk;
    }
  }

  private async *trickle(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const slice = Math.max(1, Math.floor(this.settings.slowBytesPerSecond / TRICKLE_HZ));
    for await (const chunk of bytes) {
      let rest = chunk;
      while (this.fault === "slow" && rest.length > 0) {
        await this.components.clock.sleep(1000 / TRICKLE_HZ, signal);
        yield rest.subarray(0, slice);
        rest = rest.subarray(slice);
      }
      if (rest.length > 0) yield rest;
    }
  }
}
