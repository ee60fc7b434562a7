import type { Readable } from "node:stream";
import { Agent } from "undici";
import type { ByteRange } from "../model/byte-range.js";
import type { Fid, Hash } from "../model/hash.js";
import { FRAGMENT_SIZE, KIB } from "../model/sizes.js";
import { EndpointPolicy } from "../network/nodes/endpoint-policy.js";
import { readShort } from "../streams/short-body.js";
import { readEnvelope } from "./envelope.js";
import { kindByMetadata, kindByStatus, type PeerKind, type Probed } from "./peer-kind.js";

export interface PeerLinkSettings {
  /** Whether registered gateways may be in private networks. Those that the operator named always may. */
  readonly allowPrivate: boolean;
  readonly connectTimeoutMs: number;
  /**
   * Time limit for the answer's head. A gateway that has the file needs no longer, and one that must fetch it first is
   * no help.
   */
  readonly answerTimeoutMs: number;
  /** Longest pause within the answer's body. */
  readonly stallTimeoutMs: number;
  readonly connectionsPerPeer: number;
}

export const PEER_LINK_DEFAULTS: PeerLinkSettings = {
  allowPrivate: false,
  connectTimeoutMs: 2_000,
  answerTimeoutMs: 3_000,
  stallTimeoutMs: 5_000,
  connectionsPerPeer: 4,
};

/** Where a gateway is. `trusted`: the operator named it, so it may lie in a private network. */
export interface PeerAddress {
  readonly endpoint: string;
  readonly trusted: boolean;
}

/** A fragment of a file. */
export interface WantedFragment {
  readonly fid: Fid;
  /** The whole file's, in bytes. */
  readonly size: number;
  /** The fragment's bytes in the content of a plain file; the rest of the fragment is zeros. Undefined for other files. */
  readonly range: ByteRange | undefined;
  readonly hash: Hash;
}

/** The fragment's first `length` bytes come in `body`; others may follow. */
export interface GivenFragment {
  readonly body: Readable;
  readonly length: number;
}

/** Limit of an answer that is no file, in bytes. CD2N's status names storage nodes. */
const ANSWER_LIMIT = 256 * KIB;
/** What CD2N wants of a request for a fragment: for how long it may look, in nanoseconds, and who asks. */
const CD2N_EXPIRATION = 3_000_000_000;
const CD2N_ASKER = `0x${"0".repeat(40)}`;
/** No file has it. */
const NO_FID = "0".repeat(64);

/** The gateway answered that it does not have the bytes, or does not serve them now. */
export class PeerMiss extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PeerMiss";
  }
}

/** Client of the gateways' download paths. Does not retry, verify hashes or follow redirects. */
export class PeerLink {
  private readonly trusted: { readonly agent: Agent; readonly policy: EndpointPolicy };
  private readonly strangers: { readonly agent: Agent; readonly policy: EndpointPolicy };

  constructor(settings: PeerLinkSettings) {
    this.trusted = connector(settings, true);
    this.strangers = connector(settings, settings.allowPrivate);
  }

  /**
   * Asks for a fragment, the way that is cheap for a gateway of this kind if it does not have it. Resolves with the
   * answer's head; the signal ends the body, too. Rejects with PeerMiss, EndpointForbidden, or the connection's error.
   */
  async open(
    peer: PeerAddress,
    kind: PeerKind | undefined,
    wanted: WantedFragment,
    signal: AbortSignal,
  ): Promise<GivenFragment> {
    if (kind === "cd2n") return this.fromRetriever(peer, wanted, signal);
    if (!wanted.range) throw new PeerMiss("gateways of this kind give no part of an encrypted file");
    return this.asRange(peer, wanted, wanted.range, signal);
  }

  /**
   * What runs there; undefined when that is none of the kinds. Rejects with EndpointForbidden, or the connection's error.
   */
  async kindOf(peer: PeerAddress, signal: AbortSignal): Promise<PeerKind | undefined> {
    return (
      kindByStatus(await this.probe(peer, "status", signal)) ??
      kindByMetadata(await this.probe(peer, `file/metadata/${NO_FID}`, signal))
    );
  }

  /** Ends every connection; requests under way reject. */
  async close(): Promise<void> {
    await Promise.all([this.trusted.agent.destroy(), this.strangers.agent.destroy()]);
  }

  /** As a range of the file: DeOSS and this program. */
  private async asRange(
    peer: PeerAddress,
    { fid, size }: WantedFragment,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<GivenFragment> {
    const bytes = `bytes=${range.start}-${range.end - 1}`;
    // DeOSS reads the range from Content-Range. Only cached files are wanted: this gateway can fetch others itself.
    const headers = { range: bytes, "content-range": bytes, "cache-control": "only-if-cached" };
    const { statusCode, type, contentRange, body } = await this.request(peer, `file/open/${fid}`, signal, { headers });
    const length = range.end - range.start;
    if (statusCode === 206 && contentRange === `bytes ${range.start}-${range.end - 1}/${size}`) return { body, length };
    const json = type.includes("application/json");
    // A gateway without ranges sends the file from its beginning.
    if (statusCode === 200 && !json && range.start === 0) return { body, length };
    throw await refusal(statusCode, json, body);
  }

  /** Whole fragments, of whatever format, if one is in the buffer: CD2N's retriever. */
  private async fromRetriever(
    peer: PeerAddress,
    { fid, hash }: WantedFragment,
    signal: AbortSignal,
  ): Promise<GivenFragment> {
    const { status, envelope } = await this.probe(peer, `querydata/${hash}`, signal);
    if (status !== 200 || !envelope) throw new Error(`HTTP ${status} to a query`);
    if (envelope.data !== true) throw new PeerMiss("it does not have the fragment");
    const request = {
      did: hash,
      extdata: fid,
      user_addr: CD2N_ASKER,
      requestId: hash,
      sign: null,
      expiration: CD2N_EXPIRATION,
    };
    const { statusCode, type, body } = await this.request(peer, "cache-fetch", signal, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const json = type.includes("application/json");
    if (statusCode === 200 && !json) return { body, length: FRAGMENT_SIZE };
    throw await refusal(statusCode, json, body);
  }

  private async probe(peer: PeerAddress, path: string, signal: AbortSignal): Promise<Probed> {
    const { statusCode, body } = await this.request(peer, path, signal, {});
    return { status: statusCode, envelope: readEnvelope(await shortText(body)) };
  }

  private async request(
    { endpoint, trusted }: PeerAddress,
    path: string,
    signal: AbortSignal,
    options: { readonly method?: "POST"; readonly headers?: Record<string, string>; readonly body?: string },
  ) {
    const { agent, policy } = trusted ? this.trusted : this.strangers;
    const url = policy.parse(endpoint);
    const { statusCode, headers, body } = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${path}`,
      method: "GET",
      signal,
      ...options,
    });
    // The reader sees the body's failure. Without this, a failure before there is a reader would end the process.
    body.on("error", () => undefined);
    return {
      statusCode,
      type: String(headers["content-type"] ?? ""),
      contentRange: headers["content-range"],
      body: body as Readable,
    };
  }
}

function connector(settings: PeerLinkSettings, allowPrivate: boolean) {
  const policy = new EndpointPolicy({ allowPrivate });
  const agent = new Agent({
    connect: { timeout: settings.connectTimeoutMs, lookup: policy.lookup },
    connections: settings.connectionsPerPeer,
    pipelining: 1,
    headersTimeout: settings.answerTimeoutMs,
    bodyTimeout: settings.stallTimeoutMs,
  });
  return { agent, policy };
}

/** Rejects for an answer that is longer than any of the protocol. */
async function shortText(body: Readable): Promise<string> {
  const tooLong = () => new Error(`an answer of more than ${ANSWER_LIMIT} bytes`);
  return (await readShort(body as AsyncIterable<Uint8Array>, ANSWER_LIMIT, tooLong)).toString("utf8");
}

/** Codes of a gateway that is in trouble, or has enough of this one: they say nothing of the file. */
const TROUBLES: ReadonlySet<number> = new Set([429, 500, 503]);

/** A refusal in the protocol's form means that the gateway does not have the file. Anything else is a failure. */
async function refusal(status: number, json: boolean, body: Readable): Promise<Error> {
  if (json) {
    const code = readEnvelope(await shortText(body))?.code;
    if (code !== undefined && !TROUBLES.has(code)) return new PeerMiss(`the gateway answered code ${code}`);
  }
  body.destroy();
  if (status === 404 || status === 504 || status === 200 || status === 206 || status === 416)
    return new PeerMiss(`HTTP ${status}`);
  return new Error(`HTTP ${status}`);
}
