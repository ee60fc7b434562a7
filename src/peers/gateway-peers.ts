import type { Readable } from "node:stream";
import { onAbort } from "../async/abort.js";
import { Semaphore } from "../async/semaphore.js";
import { after } from "../async/timer.js";
import type { Clock } from "../model/clock.js";
import type { CessFile } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../model/sizes.js";
import type { GatewayRegister } from "../network/chain/gateway-register.js";
import {
  type Peer,
  PEER_REGISTRY_DEFAULTS,
  PeerRegistry,
  type PeerRegistrySettings,
  type PeerRow,
} from "./peer-registry.js";
import {
  type GivenFragment,
  PEER_LINK_DEFAULTS,
  PeerLink,
  type PeerLinkSettings,
  PeerMiss,
  type WantedFragment,
} from "./peer-link.js";
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

interface Answered extends GivenFragment {
  readonly peer: Peer;
}

/** Questions about a gateway's kind at a time. */
const KIND_QUESTIONS = 4;

/**
 * Requests fragments from other CESS gateways, each in the way that is cheap for one of its kind, and verifies their
 * hashes. What a gateway is, is found out beside the reads; until then it is asked as one of this program's kind.
 */
export class GatewayPeers implements Peers {
  private readonly counts: PeerFetchCounts = { fragments: 0, bytes: 0, misses: 0, failures: 0, wrong: 0 };
  private readonly settings: GatewayPeersSettings;
  private readonly registry: PeerRegistry;
  private readonly link: PeerLink;
  private readonly closing = new AbortController();
  private readonly kinds = new Semaphore({ permits: KIND_QUESTIONS });
  private readonly asking = new Set<Promise<void>>();
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
    if (!hash || this.running >= this.settings.transfers) return undefined;
    const start = segment * SEGMENT_SIZE + fragment * FRAGMENT_SIZE;
    const plain = file.format.name === "plain";
    const range = plain ? { start, end: Math.min(start + FRAGMENT_SIZE, file.size) } : undefined;
    if (range && range.end <= start) return undefined;
    const wanted = { fid: file.fid, size: file.size, range, hash };
    this.running++;
    this.askKinds();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        // Others serve encrypted files decrypted, or not at all: only CD2N gives the fragments that the nodes have.
        const peers = this.registry.candidates(file.fid, this.settings.asked, plain ? undefined : "cd2n");
        const bytes = peers.length > 0 ? await this.ask(peers, wanted, signal) : undefined;
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

  /** All known gateways, for operators. */
  table(): PeerRow[] {
    return this.registry.table();
  }

  async close(): Promise<void> {
    this.closing.abort(new DOMException("the gateway is closing", "AbortError"));
    await this.link.close();
    await this.registry.settled();
    await Promise.all(this.asking);
  }

  /** Resolves when no gateway is being asked of what kind it is. */
  async kindsKnown(): Promise<void> {
    await this.registry.settled();
    this.askKinds();
    await Promise.all(this.asking);
  }

  private askKinds(): void {
    if (this.closing.signal.aborted) return;
    for (const peer of this.registry.withUnknownKind()) {
      const asked = this.kinds
        .run(() => this.link.kindOf(peer, this.closing.signal))
        .then(
          (kind) => this.registry.foundKind(peer, kind),
          () => this.registry.foundKind(peer, undefined),
        )
        .finally(() => this.asking.delete(asked));
      this.asking.add(asked);
    }
  }

  /** Takes the fragment from the first gateway that has it; the other requests are cancelled. */
  private async ask(
    peers: readonly Peer[],
    wanted: WantedFragment,
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
      const heads = attempts.map(({ peer, controller }) => this.head(peer, wanted, controller.signal));
      const first = await Promise.any(heads).catch(() => undefined);
      if (!first) return undefined;
      end(new DOMException("another gateway was quicker", "AbortError"), first.peer);
      return await this.body(first, wanted, began, signal);
    } finally {
      stopListening();
      cancelTimer();
      end(new DOMException("the fragment is here, or nobody gives it", "AbortError"));
    }
  }

  private async head(peer: Peer, wanted: WantedFragment, signal: AbortSignal): Promise<Answered> {
    const { fid } = wanted;
    try {
      return { peer, ...(await this.link.open(peer, this.registry.kindOf(peer), wanted, signal)) };
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
    { peer, body, length }: Answered,
    { fid, hash }: WantedFragment,
    began: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    try {
      const received = await readBytes(body, length);
      const bytes = await this.components.verify(received, hash);
      if (!bytes) throw new WrongBytes("the bytes have not the fragment's hash");
      this.registry.gave(peer, fid, this.components.clock.now() - began);
      this.counts.fragments++;
      this.counts.bytes += length;
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
