import { verifySignature } from "../network/chain/accounts.js";
import type { SignedDocument, Unsigned } from "./document.js";

/** Signs as an account of the chain. */
export interface DocumentSigner {
  sign(message: Uint8Array): Uint8Array;
}

/** What is signed: the document in its one form, as wallets sign a text, which is never an order on the chain. */
export function signedMessage(document: SignedDocument | Unsigned<SignedDocument>): Uint8Array {
  const said = Object.entries(document).filter(([name]) => name !== "signature");
  return Buffer.from(`<Bytes>${canonical(Object.fromEntries(said))}</Bytes>`);
}

/** The document with its signature. */
export function sign<T extends SignedDocument>(document: Unsigned<T>, signer: DocumentSigner): T {
  const bytes = signer.sign(signedMessage(document));
  return { ...document, signature: `0x${Buffer.from(bytes).toString("hex")}` } as T;
}

/** Whether the account that the document names has signed it. `walletsReady` must have resolved before. */
export function isSigned(document: SignedDocument): boolean {
  return verifySignature(
    document.signer,
    signedMessage(document),
    Buffer.from(document.signature.slice("0x".length), "hex"),
  );
}

/** RFC 8785, for values of strings, whole numbers, null, lists and objects: no spaces, members in order of their names. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
