import type { Readable } from "node:stream";
import { Agent } from "undici";
import type { ByteRange } from "../model/byte-range.js";
import type { Fid } from "../model/hash.js";
import { KIB } from "../model/sizes.js";
import { EndpointPolicy } from "../network/nodes/endpoint-policy.js";
import type { Peer } from "./peer-registry.js";
import { readEnvelope } from "./envelope.js";

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

/** Limit of an error answer, in bytes. */
const REFUSAL_LIMIT = 16 * KIB;

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
   * Bytes `range` of a file of `size` bytes; more bytes may follow them. Resolves with the answer's head; the signal
   * ends the body, too. Rejects with PeerMiss, EndpointForbidden, or the connection's error.
   */
  async open(
    { endpoint, trusted }: Peer,
    fid: Fid,
    range: ByteRange,
    size: number,
    signal: AbortSignal,
  ): Promise<Readable> {
    const { agent, policy } = trusted ? this.trusted : this.strangers;
    const url = policy.parse(endpoint);
    const bytes = `bytes=${range.start}-${range.end - 1}`;
    const { statusCode, headers, body } = await agent.request({
      origin: url.origin,
      path: `${url.pathname}file/open/${fid}`,
      method: "GET",
      signal,
      // CESS gateways read the range from Content-Range. Only cached files are wanted: this gateway can fetch others
      // itself.
      headers: { range: bytes, "content-range": bytes, "cache-control": "only-if-cached" },
    });
    // The reader sees the body's failure. Without this, a failure before there is a reader would end the process.
    body.on("error", () => undefined);
    const json = String(headers["content-type"] ?? "").includes("application/json");
    if (statusCode === 206 && headers["content-range"] === `bytes ${range.start}-${range.end - 1}/${size}`) return body;
    // A gateway without ranges sends the file from its beginning.
    if (statusCode === 200 && !json && range.start === 0) return body;
    throw await refusal(statusCode, json, body);
  }

  /** Ends every connection; requests under way reject. */
  async close(): Promise<void> {
    await Promise.all([this.trusted.agent.destroy(), this.strangers.agent.destroy()]);
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

/** A refusal in the protocol's form means that the gateway does not have the file. Anything else is a failure. */
async function refusal(status: number, json: boolean, body: Readable): Promise<Error> {
  if (json) {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > REFUSAL_LIMIT) return new Error(`a refusal of more than ${REFUSAL_LIMIT} bytes`);
      chunks.push(chunk);
    }
    const code = readEnvelope(Buffer.concat(chunks).toString("utf8"))?.code;
    if (code !== undefined && code !== 500) return new PeerMiss(`the gateway answered code ${code}`);
  }
  body.destroy();
  if (status === 404 || status === 504 || status === 200 || status === 206 || status === 416)
    return new PeerMiss(`HTTP ${status}`);
  return new Error(`HTTP ${status}`);
}
