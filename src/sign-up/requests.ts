import { z } from "zod";
import { InvalidAccount, parseAccount } from "../network/chain/accounts.js";
import type { SignedAuthorization } from "../network/chain/proxy-authorization.js";
import { parseWalletAddress, WALLET_TYPES, type WalletAddress } from "../network/chain/wallets.js";
import type { Purpose } from "./challenge.js";
import { SignUpRefusal } from "./refusal.js";
import type { SignedChallenge } from "./sign-up-service.js";

const address = z.string().max(100);
/** 64 or 65 bytes in hex. */
const signature = z
  .string()
  .regex(/^0x(?:[0-9a-f]{2}){64,65}$/i, "must be a signature in hex: 0x and 128 or 130 digits")
  .transform((text) => Uint8Array.from(Buffer.from(text.slice(2), "hex")));
const type = z.enum(WALLET_TYPES, `must be one of ${WALLET_TYPES.join(", ")}`).default("sr25519");
const accessKeyId = z.string().regex(/^[A-Za-z0-9-]{1,128}$/, "must be the ID of an access key");
const signedFields = { account: address, challenge: z.string().min(1).max(2_000), signature, type };

const challengeSchema = z.strictObject({
  account: address,
  /** To end a key in place of making one. */
  revoke: accessKeyId.optional(),
});
const keySchema = z.strictObject({ ...signedFields, territory: z.string().min(1).max(63).optional() });
const revokeSchema = z.strictObject(signedFields);
const authorizationSchema = z.strictObject({
  account: address,
  payload: z.strictObject({ oss: address, exp: z.number().int().min(0).max(0xffffffff) }),
  signature,
  type,
});

/** All of these throw SignUpRefusal with 400 that names the member that is wrong. */
export function challengeRequest(body: unknown): { readonly account: WalletAddress; readonly purpose: Purpose } {
  const { account, revoke } = parsed(challengeSchema, body);
  return {
    account: walletAddress(account),
    purpose: revoke === undefined ? { kind: "key" } : { kind: "revoke", accessKeyId: revoke },
  };
}

export function keyRequest(body: unknown): SignedChallenge & { readonly territory: string | undefined } {
  const { territory, ...signed } = parsed(keySchema, body);
  return { ...signed, account: walletAddress(signed.account), territory };
}

export function revokeRequest(body: unknown): SignedChallenge {
  const signed = parsed(revokeSchema, body);
  return { ...signed, account: walletAddress(signed.account) };
}

export function authorizationRequest(body: unknown): SignedAuthorization {
  const { account, payload, ...signed } = parsed(authorizationSchema, body);
  return known("account", () => ({
    ...signed,
    account: parseAccount(account),
    payload: { ...payload, oss: parseAccount(payload.oss) },
  }));
}

function walletAddress(text: string): WalletAddress {
  return known("account", () => parseWalletAddress(text));
}

function known<T>(member: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof InvalidAccount) throw invalid(`${member}: ${cause.message}`, cause);
    throw cause;
  }
}

function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? "the body" : path.join(".")}: ${message}`,
  );
  throw invalid(faults.slice(0, 5).join("; "), result.error);
}

function invalid(message: string, cause: unknown): SignUpRefusal {
  return new SignUpRefusal(400, "InvalidRequest", `${message}.`, { cause });
}
