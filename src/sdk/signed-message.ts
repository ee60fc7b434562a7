import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { CessAccount } from "../model/account.js";
import { fromBase58, parseAccount, verifySignature } from "../network/chain/accounts.js";
import { Refusal } from "../peers/refusal.js";

/** How old, or early, the message of a request for a token may be. */
const TOKEN_MESSAGE_SECONDS = 60;
/** How far in the future the end of a signed request may be. */
const HEADER_MESSAGE_SECONDS = 3_600;
/** Unix times from this one on are in milliseconds: as seconds they would be in the year 5138. */
const MILLISECONDS_FROM = 1e11;

/** What an account signed to get a token, as the CESS SDKs send it. */
export interface TokenRequest {
  readonly account: string;
  /** Unix time in seconds. */
  readonly message: string;
  /** sr25519 over `<Bytes>`, the SHA-256 of the message, `</Bytes>`; in hex. */
  readonly sign: string;
}

/** The account that signed. Rejects with Refusal 400 as CD2N does, and for a message of another time. `now`: ms. */
export function tokenAccount({ account, message, sign }: TokenRequest, now: number): CessAccount {
  if (account === "" || message === "" || sign === "") throw new Refusal(400, "login error: bad request params");
  if (!/^\d{1,12}$/.test(message)) throw new Refusal(400, "login error: The timestamp format is incorrect");
  if (Math.abs(now / 1000 - Number(message)) > TOKEN_MESSAGE_SECONDS)
    throw new Refusal(400, "login error: invalid timestamp: sign the time of now, in seconds");
  const digest = createHash("sha256").update(message).digest();
  const signature = hexBytes(sign);
  if (!signature || !verifySignature(account, digest, signature))
    throw new Refusal(400, "login error: the signature is not this account's of this message");
  return parseAccount(account);
}

/**
 * The account that signed a request in DeOSS's way: headers `Account`, `Message` and `Signature`, in hex or base58, with or
 * without `<Bytes>`. The message must be the time, at most an hour ahead, when the signature ends: DeOSS takes any text,
 * and whoever saw such a signature once could use it for ever. Rejects with Refusal 403. `now`: ms.
 */
export function headerAccount(headers: IncomingHttpHeaders, now: number): CessAccount {
  const [account, message, sign] = ["account", "message", "signature"].map((name) => String(headers[name] ?? ""));
  if (!account || !message || !sign)
    throw new Refusal(403, "no permission: the headers Account, Message and Signature are needed");
  const end = endOf(message);
  if (end === undefined || end <= now || end > now + HEADER_MESSAGE_SECONDS * 1000)
    throw new Refusal(
      403,
      "no permission: Message must be the time when the signature ends, as Unix time, at most an hour from now",
    );
  const signed = Buffer.from(message);
  const forms = [hexBytes(sign), fromBase58(sign)];
  if (!forms.some((bytes) => bytes && verifySignature(account, signed, bytes)))
    throw new Refusal(403, "no permission: the signature is not this account's of this message");
  return parseAccount(account);
}

/** Of Unix time in seconds or milliseconds, or `YYYY-MM-DD hh:mm:ss` in UTC; in ms. */
function endOf(message: string): number | undefined {
  if (/^\d{1,16}$/.test(message)) return Number(message) * (Number(message) < MILLISECONDS_FROM ? 1000 : 1);
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(message)) return undefined;
  const time = Date.parse(`${message.replace(" ", "T")}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function hexBytes(text: string): Uint8Array | undefined {
  const digits = text.replace(/^0x/, "");
  return /^(?:[0-9a-f]{2}){1,128}$/i.test(digits) ? Buffer.from(digits, "hex") : undefined;
}
