import { blake2AsU8a, cryptoWaitReady } from "@polkadot/util-crypto";
import { expect } from "chai";
import { formatAccount, InvalidAccount } from "../../../../src/network/chain/accounts.js";
import { ethereumSigner, parseWalletAddress, signedBy } from "../../../../src/network/chain/wallets.js";
import { ethereumSignature } from "../../../support/sign-up-endpoint.js";

describe("Wallets", () => {
  before(() => cryptoWaitReady());

  it("find the signer of a personal_sign message, and of no other bytes", () => {
    const message = Buffer.from("hello");
    const signature = ethereumSignature(3, message);
    const { address } = ethereumSigner(message, signature)!;
    expect(ethereumSigner(Buffer.from("hellO"), signature)?.address).not.to.equal(address);
    expect(ethereumSigner(message, signature.subarray(0, 64))).to.equal(undefined);
    expect(ethereumSigner(message, new Uint8Array(65))).to.equal(undefined);
    expect(ethereumSigner(message, Uint8Array.from([...signature.subarray(0, 64), 5]))).to.equal(undefined);
    const unadorned = Uint8Array.from([...signature.subarray(0, 64), (signature[64] ?? 0) - 27]);
    expect(ethereumSigner(message, unadorned)?.address).to.equal(address);
  });

  it("have the addresses that others compute of the same key", () => {
    // The key 1, whose address and public key are in every collection of test vectors.
    const seed = Buffer.alloc(32);
    seed[31] = 1;
    const message = Buffer.from("hello");
    const signer = ethereumSigner(message, ethereumSignature(seed, message))!;
    expect(signer.address).to.equal("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    const key = Buffer.from("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "hex");
    expect(signer.account).to.equal(formatAccount(blake2AsU8a(key)));
    const named = Buffer.concat([Buffer.from("evm:"), Buffer.from(signer.address.slice(2), "hex")]);
    expect(signer.evmAccount).to.equal(formatAccount(blake2AsU8a(named)));
  });

  it("have one form of each address, and say what is none", () => {
    const address = `0x${"aB".repeat(20)}`;
    expect(parseWalletAddress(address)).to.equal(address.toLowerCase());
    const account = formatAccount(Buffer.alloc(32, 1));
    expect(parseWalletAddress(account)).to.equal(account);
    for (const wrong of ["0x12", `0x${"g".repeat(40)}`, "", account.slice(1)])
      expect(() => parseWalletAddress(wrong), wrong).to.throw(InvalidAccount);
  });

  it("accept no signature of another type, or for another account", () => {
    const message = Buffer.from("text");
    const signature = ethereumSignature(4, message);
    const { address, account, evmAccount } = ethereumSigner(message, signature)!;
    expect(signedBy(address, "ethereum", message, signature)).to.equal(account);
    expect(signedBy(account, "ethereum", message, signature)).to.equal(account);
    expect(signedBy(evmAccount, "ethereum", message, signature)).to.equal(evmAccount);
    expect(signedBy(formatAccount(Buffer.alloc(32, 1)), "ethereum", message, signature)).to.equal(undefined);
    expect(signedBy(address, "sr25519", message, signature)).to.equal(undefined);
    expect(signedBy(account, "sr25519", message, signature)).to.equal(undefined);
  });
});
