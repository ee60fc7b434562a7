import { createRemoteJWKSet, customFetch, errors, type FlattenedJWSInput, type JWSHeaderParameters } from "jose";
import { z } from "zod";
import type { Clock } from "../model/clock.js";

/** Where the keys of an identity provider are. */
export interface IssuerPlace {
  /** As in the tokens' `iss`. */
  readonly issuer: string;
  /** The provider's keys; by default its discovery document names them. */
  readonly jwksUri?: string | undefined;
}

/** The provider does not answer, or not with keys. */
export class IssuerUnreachable extends Error {}

/** Of a document of the provider, in bytes. */
const MAX_DOCUMENT_BYTES = 256 * 1024;
const TIMEOUT_MS = 5_000;
/** Keys are fetched anew after so long, and not more often than the pause, whatever tokens with unknown keys come. */
const KEYS_MAX_AGE_MS = 600_000;
const PAUSE_MS = 30_000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/**
 * The keys of an identity provider, fetched when they are needed, with limits, and kept for a while. After a failure
 * nothing is fetched for a pause; tokens whose key is known are verified all the same.
 */
export class IssuerKeys {
  private keySet: Promise<KeySet> | undefined;
  /** When the last attempt failed; milliseconds since 1970. */
  private failedAt = -Infinity;

  constructor(
    private readonly components: { readonly clock: Clock },
    private readonly place: IssuerPlace,
  ) {}

  /** The key that a token names. Rejects with IssuerUnreachable, or with an error of jose when there is no such key. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<Awaited<ReturnType<KeySet>>> {
    try {
      this.keySet ??= this.open();
      return await (
        await this.keySet
      )(header, token);
    } catch (cause) {
      if (isAboutToken(cause)) throw cause;
      throw new IssuerUnreachable(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  private async open(): Promise<KeySet> {
    try {
      const url = this.place.jwksUri ?? (await this.discover());
      return createRemoteJWKSet(new URL(url), {
        timeoutDuration: TIMEOUT_MS,
        cooldownDuration: PAUSE_MS,
        cacheMaxAge: KEYS_MAX_AGE_MS,
        [customFetch]: (url, init) => this.fetch(url, init),
      });
    } catch (error) {
      this.keySet = undefined;
      throw error;
    }
  }

  /** OpenID Connect Discovery 1.0, 4. The document must be the issuer's own (4.3), and the keys as safe as it is. */
  private async discover(): Promise<string> {
    const { issuer } = this.place;
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const answer = await this.fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const found = discoverySchema.parse(await answer.json());
    if (found.issuer !== issuer) throw new Error(`${url} is of another issuer, ${found.issuer.slice(0, 200)}`);
    if (issuer.startsWith("https:") && !found.jwks_uri.startsWith("https:"))
      throw new Error(`${url} names keys without TLS, ${found.jwks_uri.slice(0, 200)}`);
    return found.jwks_uri;
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const { clock } = this.components;
    if (clock.now() < this.failedAt + PAUSE_MS) throw new Error("it did not answer a moment ago");
    try {
      return await limitedFetch(url, init);
    } catch (error) {
      this.failedAt = clock.now();
      throw error;
    }
  }
}

/** Whether the keys were had, and the token is what is wrong. */
function isAboutToken(failure: unknown): boolean {
  return (
    failure instanceof errors.JWKSNoMatchingKey ||
    failure instanceof errors.JWKSMultipleMatchingKeys ||
    failure instanceof errors.JOSENotSupported
  );
}

/** As fetch, but rejects an answer that is no 200, or has more than MAX_DOCUMENT_BYTES. */
async function limitedFetch(url: string, init: RequestInit): Promise<Response> {
  const { status, body } = await fetch(url, init);
  const pieces: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop closes the connection.
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`${url} answers more than ${MAX_DOCUMENT_BYTES} bytes`);
    pieces.push(piece);
  }
  if (status !== 200) throw new Error(`${url} answers ${status}`);
  return new Response(Buffer.concat(pieces), { status });
}
