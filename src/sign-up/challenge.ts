import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../model/clock.js";
import type { WalletAddress } from "../network/chain/wallets.js";
import { SignUpRefusal } from "./refusal.js";

/** What a challenge is for: a signature for one purpose is of no use for another. */
export type Purpose = { readonly kind: "key" } | { readonly kind: "revoke"; readonly accessKeyId: string };

/** What a challenge is bound to. */
export interface ChallengeSettings {
  /** The name that people know the gateway by. */
  readonly gateway: string;
  /** Milliseconds that there are to sign it. */
  readonly validMs: number;
}

/** A challenge that was made here and is not over. */
export interface Challenge {
  readonly account: WalletAddress;
  readonly purpose: Purpose;
  readonly nonce: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the keys are derived for that challenges are sealed with. */
export const CHALLENGE_KEYS = "wallet challenge";
const NONCE_BYTES = 18;
/** Longer than any challenge, in UTF-16 units. */
const MAX_LENGTH = 2_000;

const TEXT =
  /^(.+) asks you to prove that this account is yours\.\n\nPurpose: (.+)\nAccount: (\S+)\nChain: (\S+)\nNonce: (\S+)\nExpires: (\S+)\n\nSign this for \1 alone\. It moves no tokens and changes nothing on the chain\.\n$/;
const KEY = "make an S3 access key";

/**
 * Texts for a wallet to sign. They are kept nowhere: each ends with a seal, by which the gateway knows its own. Whoever
 * takes one records its nonce, so that it is taken once.
 */
export class Challenges {
  /** `keys`: from KeyRing.derive; the first one seals. `catalog`: those of another catalog are not taken, whose nonces are not known here. */
  constructor(
    private readonly components: {
      readonly keys: readonly Uint8Array[];
      readonly catalog: string;
      readonly clock: Clock;
    },
    private readonly settings: ChallengeSettings,
  ) {}

  make(
    account: WalletAddress,
    purpose: Purpose,
    genesis: string,
  ): { readonly text: string; readonly expiresAt: number } {
    const expiresAt = this.components.clock.now() + this.settings.validMs;
    const { gateway } = this.settings;
    const text = `${gateway} asks you to prove that this account is yours.

Purpose: ${purposeText(purpose)}
Account: ${account}
Chain: ${genesis}
Nonce: ${randomBytes(NONCE_BYTES).toString("base64url")}
Expires: ${new Date(expiresAt).toISOString()}

Sign this for ${gateway} alone. It moves no tokens and changes nothing on the chain.
`;
    const [key] = this.components.keys;
    if (!key) throw new Error("there is no key to seal challenges with");
    return { text: `${text}Seal: ${this.seal(text, key).toString("base64url")}`, expiresAt };
  }

  /** Throws SignUpRefusal for what is no challenge of this gateway, on this chain, for this account and purpose, or is over. */
  read(text: string, account: WalletAddress, purpose: Purpose, genesis: string): Challenge {
    const [, body = "", seal = ""] = (text.length <= MAX_LENGTH && /^(.*\n)Seal: ([\w-]+)$/s.exec(text)) || [];
    if (!this.isOurs(body, Buffer.from(seal, "base64url"))) throw invalid("it is none of this gateway's challenges");
    const [, gateway, why = "", forAccount, chain, nonce = "", expires = ""] = TEXT.exec(body) ?? [];
    if (gateway !== this.settings.gateway)
      throw invalid(`it is for the gateway ${gateway ?? "?"}, not ${this.settings.gateway}`);
    if (chain !== genesis) throw invalid("it is for another chain");
    if (forAccount !== account) throw invalid("it is for another account");
    if (why !== purposeText(purpose)) throw invalid("it is for another purpose");
    const expiresAt = Date.parse(expires);
    if (this.components.clock.now() >= expiresAt)
      throw new SignUpRefusal(401, "ChallengeExpired", "The challenge is over: ask for another one.");
    return { account, purpose, nonce, expiresAt };
  }

  private isOurs(body: string, seal: Uint8Array): boolean {
    return this.components.keys.some((key) => {
      const own = this.seal(body, key);
      return own.length === seal.length && timingSafeEqual(own, seal);
    });
  }

  private seal(text: string, key: Uint8Array): Buffer {
    return createHmac("sha256", key).update(this.components.catalog).update("\0").update(text).digest();
  }
}

function purposeText(purpose: Purpose): string {
  return purpose.kind === "key" ? KEY : `end the S3 access key ${purpose.accessKeyId}`;
}

function invalid(why: string): SignUpRefusal {
  return new SignUpRefusal(401, "InvalidChallenge", `The challenge is not accepted: ${why}.`);
}

/** What a wallet's holder should look at in a challenge, for programs that sign: undefined where it is no challenge. */
export function shownInChallenge(
  text: string,
): { readonly gateway: string; readonly account: string; readonly chain: string } | undefined {
  const [, gateway, , account, chain] = TEXT.exec(text.replace(/Seal: [\w-]+$/, "")) ?? [];
  return gateway === undefined || account === undefined || chain === undefined
    ? undefined
    : { gateway, account, chain };
}
