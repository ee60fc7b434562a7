import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import type { CessAccount } from "../../model/account.js";
import { type ByteRange, rangeLength } from "../../model/byte-range.js";
import { ZERO_FRAGMENT_HASH } from "../../model/hash.js";
import { FRAGMENT_SIZE, KIB } from "../../model/sizes.js";
import { EndpointForbidden, EndpointPolicy } from "./endpoint-policy.js";
import { FragmentForm } from "./fragment-form.js";
import { failureKind, readAnswer } from "./miner-answer.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes, type NodeStatus } from "./nodes.js";
import { RateLimiter } from "./rate-limiter.js";

export interface HttpNodesComponents {
  /** The gateway's account, as this chain's tools write it where that differs, and its sr25519 signature. */
  readonly signer: {
    readonly account: CessAccount;
    readonly address?: string;
    sign(message: Uint8Array): Uint8Array;
  };
}

export interface HttpNodesSettings {
  /** Whether endpoints in private networks are connected to. */
  readonly allowPrivate: boolean;
  readonly connectTimeoutMs: number;
  /** Longest silence while the fragment is sent or its answer awaited. */
  readonly headersTimeoutMs: number;
  /** Longest silence within an answer's body. A slow but steady node is not cut off; the caller's signal does that. */
  readonly stallTimeoutMs: number;
  /** Connections to one node; requests beyond them wait. */
  readonly connectionsPerNode: number;
  /** Limit of the upload bandwidth to all nodes together; 0: no limit. */
  readonly uploadBytesPerSecond: number;
}

export const httpNodesDefaults: HttpNodesSettings = {
  allowPrivate: false,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 30_000,
  stallTimeoutMs: 20_000,
  connectionsPerNode: 4,
  uploadBytesPerSecond: 0,
};

/** Longest JSON answer that is read, in bytes. */
const ANSWER_LIMIT = 64 * KIB;

/** The miner HTTP over undici. Neither retries nor hashes. */
export class HttpNodes implements Nodes, NodeStatus {
  private readonly policy: EndpointPolicy;
  private readonly agent: Agent;
  private readonly pace: RateLimiter | undefined;

  constructor(
    private readonly components: HttpNodesComponents,
    settings: Partial<HttpNodesSettings> = {},
  ) {
    const all = { ...httpNodesDefaults, ...settings };
    this.policy = new EndpointPolicy(all);
    this.pace = all.uploadBytesPerSecond > 0 ? new RateLimiter(all.uploadBytesPerSecond) : undefined;
    this.agent = new Agent({
      connect: { timeout: all.connectTimeoutMs, lookup: this.policy.lookup },
      connections: all.connectionsPerNode,
      pipelining: 1,
      headersTimeout: all.headersTimeoutMs,
      bodyTimeout: all.stallTimeoutMs,
    });
  }

  async put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (bytes.length !== FRAGMENT_SIZE)
      throw new RangeError(`a fragment has ${FRAGMENT_SIZE} bytes, not ${bytes.length}`);
    // Nodes know the fragment of zeros by its hash: its bytes are not sent.
    const form = fragment.hash === ZERO_FRAGMENT_HASH ? undefined : new FragmentForm(bytes);
    await this.exchange(node, signal, async (url) => {
      const headers = this.headers(fragment);
      if (form)
        Object.assign(headers, { "content-type": form.contentType, "content-length": String(form.contentLength) });
      const { statusCode, body } = await this.request(
        url,
        { method: "PUT", headers, body: form ? Readable.from(this.paced(form, signal)) : null },
        signal,
      );
      const answer = readAnswer(statusCode, await readText(body));
      if (!answer) throw new NodeFailure("unreachable", node, "the answer is not of the miner protocol");
      if (answer.code !== 200) throw new NodeFailure(failureKind(answer), node, answer.message);
    });
  }

  async get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.exchange(node, signal, async (url) => {
      const headers = this.headers(fragment);
      const { statusCode, headers: answered, body } = await this.request(url, { method: "GET", headers }, signal);
      if (statusCode === 200 && !isJson(answered)) return readExactly(body, FRAGMENT_SIZE);
      throw await refusal(node, statusCode, body);
    });
  }

  async getRange(
    node: NodeAddress,
    fragment: FragmentName,
    range: ByteRange,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const length = rangeLength(range);
    if (range.start < 0 || length < 1 || range.end > FRAGMENT_SIZE)
      throw new RangeError(`a fragment has no bytes ${range.start} to ${range.end}`);
    return this.exchange(node, signal, async (url) => {
      // Miners write ranges so, with `end` excluded, unlike RFC 9110.
      const headers = { ...this.headers(fragment), Range: `bytes=${range.start}-${range.end}/${FRAGMENT_SIZE}` };
      const { statusCode, headers: answered, body } = await this.request(url, { method: "GET", headers }, signal);
      const whole = statusCode === 200 && !isJson(answered);
      const other = statusCode === 206 && Number(answered["content-length"] ?? length) !== length;
      if (whole || other || statusCode === 416) {
        discard(body);
        throw new NodeFailure("no-ranges", node, `HTTP ${statusCode} to a range, not with its ${length} bytes`);
      }
      if (statusCode === 206) return readExactly(body, length);
      throw await refusal(node, statusCode, body);
    });
  }

  async status(node: NodeAddress, signal?: AbortSignal): Promise<void> {
    await this.exchange(node, signal, async (url) => {
      const { statusCode, body } = await this.request(url, { method: "GET" }, signal, "status");
      const text = await readText(body);
      if (statusCode >= 500) throw new NodeFailure("unreachable", node, `HTTP ${statusCode}: ${text.slice(0, 100)}`);
    });
  }

  /** Ends every connection; transfers under way reject. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private request(
    url: URL,
    options: Omit<Dispatcher.RequestOptions, "origin" | "path">,
    signal: AbortSignal | undefined,
    resource = "fragment",
  ) {
    return this.agent.request({
      ...options,
      origin: url.origin,
      path: `${url.pathname}${resource}`,
      ...(signal && { signal }),
    });
  }

  /** Runs one request and turns whatever it throws into the port's failures; an abort stays the signal's reason. */
  private async exchange<T>(
    node: NodeAddress,
    signal: AbortSignal | undefined,
    run: (url: URL) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await run(this.policy.parse(node.endpoint));
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (error instanceof NodeFailure) throw error;
      const kind = error instanceof EndpointForbidden ? "forbidden-endpoint" : "unreachable";
      throw new NodeFailure(kind, node, error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  private paced(form: FragmentForm, signal: AbortSignal | undefined): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    return this.pace ? slowly(form, this.pace, signal) : form;
  }

  private headers(fragment: FragmentName): Record<string, string> {
    // The node checks that the account signed this text. It is new for each request, so that a signature cannot be used
    // again.
    const message = randomBytes(16).toString("hex");
    const { signer } = this.components;
    const signature = signer.sign(Buffer.from(message));
    return {
      Fid: fragment.fid,
      Fragment: fragment.hash,
      Account: signer.address ?? signer.account,
      Message: message,
      Signature: Buffer.from(signature).toString("hex"),
    };
  }
}

/**
 * In small pieces, so that a gateway with limited bandwidth sends steadily, without pauses that a node takes for
 * silence.
 */
async function* slowly(
  form: FragmentForm,
  pace: RateLimiter,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const chunk of form) {
    await pace.take(chunk.length, signal);
    yield chunk;
  }
}

/** At most ANSWER_LIMIT bytes; throws when there are more. */
async function readText(body: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > ANSWER_LIMIT) throw new Error(`the answer is longer than ${ANSWER_LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Exactly `size` bytes; throws as soon as there is more, or at the end when there was less. */
async function readExactly(body: Readable, size: number): Promise<Uint8Array> {
  // An ArrayBuffer of its own, so that the caller can give it away to a worker.
  const bytes = new Uint8Array(size);
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (length + chunk.length > size)
      throw new Error(`the answer is longer than the ${size} bytes that were asked for`);
    bytes.set(chunk, length);
    length += chunk.length;
  }
  if (length !== size) throw new Error(`the answer has ${length} bytes of the ${size} that were asked for`);
  return bytes;
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"]?.includes("application/json") === true;
}

/** What the answer says instead of giving bytes. */
async function refusal(node: NodeAddress, statusCode: number, body: Readable): Promise<NodeFailure> {
  const answer = readAnswer(statusCode, await readText(body));
  if (!answer || answer.code === 200) return new NodeFailure("unreachable", node, "the answer is not a fragment");
  return new NodeFailure(failureKind(answer), node, answer.message);
}

/** Ends the connection rather than read a body that nobody wants. */
function discard(body: Readable): void {
  body.on("error", () => undefined).destroy();
}
