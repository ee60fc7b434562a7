import type { IncomingHttpHeaders } from "node:http";
import type { CessAccount } from "../model/account.js";
import type { ByteRange } from "../model/byte-range.js";
import { type Fid, type Hash, isHash } from "../model/hash.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import type { NodeChain } from "../network/chain/node-chain.js";

/** A request's failure, by the code that stands in the answer's status and body. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** Longest text whose signature is checked, in characters. */
const MESSAGE_LIMIT = 1024;

/** Checks that the account in the headers signed the message in the headers. Throws Refusal 403. */
export function verifySender(chain: NodeChain, headers: IncomingHttpHeaders): void {
  const { account, message, signature } = headers;
  const good =
    typeof account === "string" &&
    typeof message === "string" &&
    message.length > 0 &&
    message.length <= MESSAGE_LIMIT &&
    typeof signature === "string" &&
    /^(0x)?[0-9a-f]{128}$/i.test(signature) &&
    // Headers arrive as latin1 text; the signature is over their bytes.
    chain.verify(
      account as CessAccount,
      Buffer.from(message, "latin1"),
      Buffer.from(signature.replace(/^0x/i, ""), "hex"),
    );
  if (!good) throw new Refusal(403, "the signature does not match");
}

/** Both names become parts of a path, so only 64 lower-case hex digits are accepted. Throws Refusal 400. */
export function readFragmentName(headers: IncomingHttpHeaders): { readonly fid: Fid; readonly hash: Hash } {
  const { fid, fragment } = headers;
  if (typeof fid !== "string" || !isHash(fid)) throw new Refusal(400, "bad fid");
  if (typeof fragment !== "string" || !isHash(fragment)) throw new Refusal(400, "bad fragment hash");
  return { fid: fid as Fid, hash: fragment };
}

/** Miners write a range as `bytes=start-end/total` with `end` excluded, unlike RFC 9110. Throws 400. */
export function readRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header);
  if (!match) throw new Refusal(400, "a range is written bytes=start-end/total");
  const [start, end, total] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (total !== FRAGMENT_SIZE || end > total || start >= end)
    throw new Refusal(400, `no such range in ${FRAGMENT_SIZE} bytes`);
  return { start, end };
}
