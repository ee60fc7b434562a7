import { LRUCache } from "lru-cache";
import { Agent } from "undici";
import { z } from "zod";
import { noKmsKey } from "../model/encryption.js";
import { DomainError } from "../model/errors.js";
import { KIB } from "../model/sizes.js";
import type { KeyServer } from "./keys.js";

export interface VaultComponents {
  /** Called before each request, because a renewed token replaces the old one. */
  readonly token: () => Promise<string>;
  readonly log: { warn(fields: object, message: string): void };
}

export const VAULT_DEFAULTS = {
  /** Mount path of the transit engine. */
  mount: "transit",
  namespace: undefined as string | undefined,
  /** CA certificates in PEM for the server's certificate; the system's when undefined. */
  ca: undefined as string | undefined,
  /** Timeout of a whole request, including the wait for a connection and the second attempt. */
  timeoutMs: 5_000,
  /** Requests at one time; others wait. */
  connections: 8,
  /** How long an unwrapped data key, and the existence of a KMS key, is cached. */
  rememberedMs: 60_000,
  /** Data keys in the cache. */
  remembered: 1_000,
};
export type VaultSettings = typeof VAULT_DEFAULTS & { readonly address: string };

/** Vault's answer. */
interface Answer {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors: string;
}

/** Limit of an answer, in bytes. */
const ANSWER_LIMIT = 64 * KIB;

/**
 * KMS keys in the transit engine of Vault (or OpenBao). Data keys are sent there to be wrapped and unwrapped; KMS keys
 * never leave it. The purpose of a data key is its associated data, and the context for derived keys.
 */
export class VaultKeys implements KeyServer {
  private readonly settings: VaultSettings;
  private readonly agent: Agent;
  private readonly base: URL;
  private readonly opened: LRUCache<string, Promise<string>>;
  /** KMS keys that existed at the last check. */
  private readonly known: LRUCache<string, true>;

  constructor(
    private readonly components: VaultComponents,
    settings: Partial<VaultSettings> & { readonly address: string },
  ) {
    this.settings = { ...VAULT_DEFAULTS, ...settings };
    const { address, ca, connections, remembered, rememberedMs } = this.settings;
    this.base = new URL(`${address.replace(/\/+$/, "")}/v1/`);
    this.agent = new Agent({
      connections,
      pipelining: 1,
      maxResponseSize: ANSWER_LIMIT,
      connect: { ...(ca === undefined ? {} : { ca }) },
    });
    this.opened = new LRUCache({ max: remembered, ttl: rememberedMs });
    this.known = new LRUCache({ max: remembered, ttl: rememberedMs });
  }

  async wrap(secret: string, keyName: string, purpose: string): Promise<string> {
    const name = vaultName(keyName);
    await this.requireKey(name, keyName);
    return this.work("encrypt", name, { plaintext: base64(secret), ...boundTo(purpose) }, "ciphertext");
  }

  /** Results are cached for a while, so a reader's many ranges need one request. */
  unwrap(wrapped: string, keyName: string, purpose: string): Promise<string> {
    const place = JSON.stringify([keyName, purpose, wrapped]);
    const known = this.opened.get(place);
    if (known) return known;
    const opened = this.decrypt(wrapped, keyName, purpose);
    this.opened.set(place, opened);
    opened.catch(() => this.opened.delete(place));
    return opened;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async decrypt(wrapped: string, keyName: string, purpose: string): Promise<string> {
    const plaintext = await this.work(
      "decrypt",
      vaultName(keyName),
      { ciphertext: wrapped, ...boundTo(purpose) },
      "plaintext",
    );
    return Buffer.from(plaintext, "base64").toString("utf8");
  }

  /**
   * Throws for a missing key. Vault would create it on `encrypt` if the token may, so a misspelt name must be found
   * first.
   */
  private async requireKey(name: string, keyName: string): Promise<void> {
    if (this.known.has(name)) return;
    const { status, data, errors } = await this.ask("GET", `keys/${name}`);
    if (status === 404 && errors === "") throw noKmsKey(keyName);
    // 403: a token that may not read keys may still encrypt. Vault creates no keys for tokens that may only encrypt.
    if (status !== 200 && status !== 403) throw this.refusal({ status, data, errors }, keyName);
    this.known.set(name, true);
  }

  private async work(verb: "encrypt" | "decrypt", name: string, body: object, wanted: string): Promise<string> {
    const answer = await this.ask("POST", `${verb}/${name}`, body);
    const result = answer.data[wanted];
    if (answer.status === 200 && typeof result === "string") return result;
    throw this.refusal(answer, name);
  }

  /** Tries a second time when the connection ends without an answer. The requests are idempotent. */
  private async ask(method: "GET" | "POST", path: string, body?: object): Promise<Answer> {
    const signal = AbortSignal.timeout(this.settings.timeoutMs);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.send(method, path, body, signal);
      } catch (cause) {
        if (attempt === 1 && !signal.aborted) continue;
        this.components.log.warn({ err: cause, path }, "Vault does not answer");
        throw unavailable(cause);
      }
    }
  }

  private async send(
    method: "GET" | "POST",
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { mount, namespace } = this.settings;
    const url = new URL(`${mount}/${path}`, this.base);
    const { statusCode, body: answer } = await this.agent.request({
      origin: url.origin,
      path: url.pathname,
      method,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
      headers: {
        "content-type": "application/json",
        "x-vault-token": await this.components.token(),
        "x-vault-request": "true",
        ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      },
    });
    return { status: statusCode, ...parse(await answer.text()) };
  }

  /**
   * The error that an answer of Vault means. Details for the operator are logged; a client is told only what it needs.
   */
  private refusal({ status, errors }: Answer, keyName: string): Error {
    const kind = status === 403 ? "kmsKeyForbidden" : status === 400 ? refusedKey(errors) : "dependencyUnavailable";
    if (kind === "noKmsKey") return noKmsKey(keyName);
    this.components.log.warn({ key: keyName, status, errors }, "Vault refuses a key");
    if (kind === undefined) return new Error(`Vault failed to use the key ${keyName}: ${errors}`);
    if (kind === "dependencyUnavailable") return unavailable(new Error(`status ${status}: ${errors}`));
    const keyId = keyName.slice(0, 200);
    return new DomainError({ kind, keyId }, `${REFUSALS[kind]}: '${keyId}'`);
  }
}

const REFUSALS = {
  kmsKeyForbidden: "The gateway may not use this KMS key, or it does not exist",
  kmsKeyDisabled: "The KMS key, or the version of it that is needed, is disabled",
  kmsKeyUnsuitable:
    "The KMS key is not one that can encrypt data keys: it must be of an AES-GCM or ChaCha20-Poly1305 type",
} as const;

/** The problem with the key that Vault's errors with status 400 name. Undefined: the key did not wrap what was sent. */
function refusedKey(errors: string): "noKmsKey" | "kmsKeyDisabled" | "kmsKeyUnsuitable" | undefined {
  if (errors.includes("key not found")) return "noKmsKey";
  if (/soft.?deleted|disallowed by policy/.test(errors)) return "kmsKeyDisabled";
  if (/non-AEAD|not support/.test(errors)) return "kmsKeyUnsuitable";
  return undefined;
}

function unavailable(cause: unknown): DomainError {
  const message = "The key server cannot be reached at the moment. Please try again.";
  return new DomainError({ kind: "dependencyUnavailable" }, message, { cause });
}

/**
 * The key's name in Vault, whose names have no slash: `aws/s3` is `aws-s3`. Throws DomainError `noKmsKey` for a name
 * that Vault cannot have.
 */
function vaultName(keyName: string): string {
  const name = keyName.replaceAll("/", "-");
  if (!/^\w(?:[\w.-]{0,126}\w)?$/.test(name)) throw noKmsKey(keyName);
  return name;
}

function boundTo(purpose: string): { readonly context: string; readonly associated_data: string } {
  return { context: base64(purpose), associated_data: base64(purpose) };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).catch({}),
  errors: z.array(z.string()).catch([]),
});

/** Empty where an answer is not as Vault's are: a proxy's, say. */
function parse(text: string): Omit<Answer, "status"> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON at all.
  }
  const { data = {}, errors = [] } = answerSchema.safeParse(value).data ?? {};
  return { data, errors: errors.join("; ") };
}
