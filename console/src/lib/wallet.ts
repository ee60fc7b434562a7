import { t } from "../texts.js";

/* Wallets that browsers' extensions give to pages, as polkadot.js and those that follow it do. */

interface Extension {
  readonly accounts: { get(): Promise<readonly { readonly address: string }[]> };
  readonly signer: { signPayload?(payload: object): Promise<{ readonly signature: string }> };
}

interface Injected {
  enable(page: string): Promise<Extension>;
}

const injected = (): readonly Injected[] =>
  Object.values((globalThis as { injectedWeb3?: Readonly<Record<string, Injected>> }).injectedWeb3 ?? {});

export const hasWallet = (): boolean => injected().length > 0;

/** A wallet's signature of a payload for its account. Throws where no wallet has the account, or its user says no. */
export async function signature(payload: { readonly address: string }): Promise<string> {
  for (const each of injected()) {
    const { accounts, signer } = await each.enable("cess-s3");
    const own = (await accounts.get()).find(({ address }) => keyOf(address) === keyOf(payload.address));
    if (own && signer.signPayload) return (await signer.signPayload({ ...payload, address: own.address })).signature;
  }
  throw new Error(t.notInWallet(payload.address));
}

const DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** The public key in an SS58 address, as hex: 32 bytes before a checksum of two. Networks write the same key differently. */
export function keyOf(address: string): string {
  let value = 0n;
  for (const digit of address) value = value * 58n + BigInt(DIGITS.indexOf(digit));
  return value.toString(16).padStart(68, "0").slice(-68, -4);
}
