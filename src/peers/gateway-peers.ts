import type { Readable } from "node:stream";
import { onAbort } from "../async/abort.js";
import { after } from "../async/timer.js";
import type { ByteRange } from "../model/byte-range.js";
import type { Clock } from "../model/clock.js";
import type { CessFile } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../model/sizes.js";
import type { GatewayRegister } from "../network/chain/gateway-register.js";
import { type Peer, PEER_REGISTRY_DEFAULTS, PeerRegistry, type PeerRegistrySettings } from "./peer-registry.js";
import { PEER_LINK_DEFAULTS, PeerLink, type PeerLinkSettings, PeerMiss } from "./peer-link.js";
import type { Peers } from "../retrieval/peers.js";

export interface GatewayPeersComponents {
  readonly clock: Clock;
  /** The gateways registered on chain. Without it only the configured ones are asked. */
  readonly register?: GatewayRegister;
  /** Returns the bytes if they have this hash, else undefined. May transfer the argument (Encoder.verify). */
  readonly verify: (bytes: Uint8Array, hash: Hash) => Promise<Uint8Array | undefined>;
}

export interface GatewayPeersSettings extends PeerRegistrySettings, PeerLinkSettings {
  /** Gateways asked at the same time when it is not known which has the file. */
  readonly asked: number;
  /** Fragments of 8 MiB fetched at a time. Beyond that, no gateway is asked. */
  readonly transfers: number;
  /** Time limit for one fragment from one gateway. Milliseconds. */
  readonly attemptMs: number;
}

export const GATEWAY_PEERS_DEFAULTS: GatewayPeersSettings = {
  ...PEER_REGISTRY_DEFAULTS,
  ...PEER_LINK_DEFAULTS,
  asked: 3,
  transfers: 8,
  attemptMs: 20_000,
};

/** Attempts for one fragment. The second is for the case that the gateway that had it fails. */
const ROUNDS = 2;

export interface PeerFetchCounts {
  fragments: number;
  bytes: number;
  misses: number;
  failures: number;
  wrong: number;
}

class WrongBytes extends Error {}
/** The only abort that counts as the other gateway's failure. */
class TookTooLong extends Error {}

interface Answered {
  readonly peer: Peer;
  readonly body: Readable;
}

/** Requests fragments from other CESS gateways, as ranges of plain files, and verifies their hashes. */
export class GatewayPeers implements Peers {
  private readonly counts: PeerFetchCounts = { fragments: 0, bytes: 0, misses: 0, failures: 0, wrong: 0 };
  private readonly settings: GatewayPeersSettings;
  private readonly registry: PeerRegistry;
  private readonly link: PeerLink;
  private running = 0;

  constructor(
    private readonly components: GatewayPeersComponents,
    settings: Partial<GatewayPeersSettings> = {},
  ) {
    this.settings = { ...GATEWAY_PEERS_DEFAULTS, ...settings };
    this.registry = new PeerRegistry(components, this.settings);
    this.link = new PeerLink(this.settings);
  }

  async fragment(
    file: CessFile,
    segment: number,
    fragment: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    const hash = file.segments[segment]?.fragments[fragment];
    const start = segment * SEGMENT_SIZE + fragment * FRAGMENT_SIZE;
    const range = { start, end: Math.min(start + FRAGMENT_SIZE, file.size) };
    // Gateways serve encrypted files decrypted, or not at all, so their fragments cannot be requested.
    if (!hash || file.format.name !== "plain" || range.end <= start || this.running >= this.settings.transfers)
      return undefined;
    this.running++;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const peers = this.registry.candidates(file.fid, this.settings.asked);
        const bytes = peers.length > 0 ? await this.ask(peers, file, range, hash, signal) : undefined;
        signal.throwIfAborted();
        if (bytes) return bytes;
      }
      return undefined;
    } finally {
      this.running--;
    }
  }

  metrics(): Readonly<Record<string, number>> {
    return { ...this.counts, ...this.registry.count() };
  }

  async close(): Promise<void> {
    await this.link.close();
    await this.registry.settled();
  }

  /** Takes the fragment from the first gateway that has it; the other requests are cancelled. */
  private async ask(
    peers: readonly Peer[],
    file: CessFile,
    range: ByteRange,
    hash: Hash,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const began = this.components.clock.now();
    const attempts = peers.map((peer) => ({ peer, controller: new AbortController() }));
    const end = (reason: unknown, except?: Peer) => {
      for (const { peer, controller } of attempts) if (peer !== except) controller.abort(reason);
    };
    const stopListening = onAbort(signal, end);
    const cancelTimer = after(this.components.clock, this.settings.attemptMs, () => end(new TookTooLong()));
    try {
      const heads = attempts.map(({ peer, controller }) => this.head(peer, file, range, controller.signal));
      const first = await Promise.any(heads).catch(() => undefined);
      if (!first) return undefined;
      end(new DOMException("another gateway was quicker", "AbortError"), first.peer);
      return await this.body(first, file, range, hash, began, signal);
    } finally {
      stopListening();
      cancelTimer();
      end(new DOMException("the fragment is here, or nobody gives it", "AbortError"));
    }
  }

  private async head(peer: Peer, { fid, size }: CessFile, range: ByteRange, signal: AbortSignal): Promise<Answered> {
    try {
      return { peer, body: await this.link.open(peer, fid, range, size, signal) };
    } catch (error) {
      if (error instanceof PeerMiss) {
        this.counts.misses++;
        this.registry.missed(peer, fid);
      } else if (!signal.aborted || signal.reason instanceof TookTooLong) {
        this.counts.failures++;
        this.registry.failed(peer, fid);
      }
      throw error;
    }
  }

  private async body(
    { peer, body }: Answered,
    { fid }: CessFile,
    range: ByteRange,
    hash: Hash,
    began: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    try {
      const received = await readBytes(body, range.end - range.start);
      const bytes = await this.components.verify(received, hash);
      if (!bytes) throw new WrongBytes("the bytes have not the fragment's hash");
      this.registry.gave(peer, fid, this.components.clock.now() - began);
      this.counts.fragments++;
      this.counts.bytes += range.end - range.start;
      return bytes;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.counts.failures++;
      if (error instanceof WrongBytes) {
        this.counts.wrong++;
        this.registry.gaveCorrupt(peer, fid);
      } else this.registry.failed(peer, fid);
      return undefined;
    }
  }
}

/** The first `length` bytes, followed by zeros up to a fragment's size. Throws when there are fewer. */
async function readBytes(body: Readable, length: number): Promise<Uint8Array> {
  // A buffer of its own, so it can be transferred to a worker.
  const fragment = new Uint8Array(FRAGMENT_SIZE);
  let received = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    const wanted = chunk.subarray(0, length - received);
    fragment.set(wanted, received);
    received += wanted.length;
    if (received === length) break;
  }
  if (received < length) throw new Error(`the answer ended after ${received} of ${length} bytes`);
  return fragment;
}
