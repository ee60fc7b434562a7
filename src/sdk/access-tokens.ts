import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../model/clock.js";

export interface AccessTokensComponents {
  /** Of 32 bytes: the first one signs, all verify. Derived from the master keys, so that they are this gateway's alone. */
  readonly keys: readonly Uint8Array[];
  readonly clock: Pick<Clock, "now">;
}

const ISSUER = "cess-s3";
const ALGORITHM = "HS256";
/** Of a token that is looked at at all, in characters. */
const MAX_LENGTH = 4096;

/** Texts that only this gateway can have made, for a while. What they say can be read by who has them. */
export class AccessTokens {
  constructor(private readonly components: AccessTokensComponents) {}

  /** `purpose`: a token for one is none for another. */
  async issue(purpose: string, claims: JWTPayload, seconds: number): Promise<string> {
    const { keys, clock } = this.components;
    const now = Math.floor(clock.now() / 1000);
    const [key] = keys;
    if (!key) throw new Error("there is no key for access tokens");
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(ISSUER)
      .setAudience(purpose)
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(key);
  }

  /** What a token says; undefined for one that is not valid, or not any more. */
  async read(purpose: string, token: string): Promise<JWTPayload | undefined> {
    if (token.length > MAX_LENGTH) return undefined;
    const { keys, clock } = this.components;
    const options = {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: purpose,
      requiredClaims: ["exp"],
      currentDate: new Date(clock.now()),
    };
    for (const key of keys) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch {
        // Of another key, changed, or over.
      }
    }
    return undefined;
  }
}
