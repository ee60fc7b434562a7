import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Keyring } from "@polkadot/keyring";
import { u8aConcat } from "@polkadot/util";
import { encodeAddress, mnemonicGenerate } from "@polkadot/util-crypto";
import {
  formatAccount,
  InvalidAccount,
  parseAccount,
  publicKeyOf,
  signerFromKeystore,
  signerFromMnemonic,
  signerFromMnemonicFile,
  verifySignature,
} from "../../../../src/network/chain/accounts.js";

/** The public key of Substrate's well-known development account //Alice. */
const ALICE_KEY = Buffer.from("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d", "hex");

const text = (message: string) => new TextEncoder().encode(message);

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("it was expected to reject"),
    (error: unknown) => error as Error,
  );
}

describe("CESS accounts", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "cess-accounts-"))));
  after(() => rm(folder, { recursive: true }));

  it("derive the address with prefix 11330 from a development phrase", async () => {
    const { account, pair } = await signerFromMnemonic("//Alice");
    expect(Buffer.from(pair.publicKey)).to.deep.equal(ALICE_KEY);
    expect(account).to.equal("cXjmuHdBk4J3Zyt2oGodwGegNFaTFPcfC48PZ9NMmcUFzF6cc");
    expect(formatAccount(ALICE_KEY)).to.equal(account);
    expect(Buffer.from(publicKeyOf(account))).to.deep.equal(ALICE_KEY);
  });

  it("are the same account under every SS58 prefix", () => {
    for (const prefix of [0, 2, 42, 11330])
      expect(parseAccount(encodeAddress(ALICE_KEY, prefix))).to.equal(formatAccount(ALICE_KEY));
  });

  it("refuse a mistyped address by its checksum, and say so", () => {
    const address = formatAccount(ALICE_KEY);
    const mistyped = address.replace("F6cc", "F6cd");
    expect(() => parseAccount(mistyped)).to.throw(InvalidAccount, /checksum is wrong/);
  });

  it("refuse what is no address at all", () => {
    expect(() => parseAccount("")).to.throw(InvalidAccount, /base58/);
    expect(() => parseAccount("not an address")).to.throw(InvalidAccount, /base58/);
    expect(() => parseAccount("cX")).to.throw(InvalidAccount, /SS58/);
    expect(() => parseAccount(`0x${ALICE_KEY.toString("hex")}`)).to.throw(InvalidAccount, /base58/);
    expect(() => parseAccount(encodeAddress(ALICE_KEY.subarray(0, 8), 42))).to.throw(InvalidAccount, /8 bytes/);
    expect(() => parseAccount(encodeAddress(Buffer.concat([ALICE_KEY, Buffer.of(1)]), 42))).to.throw(
      InvalidAccount,
      /33 bytes/,
    );
  });

  it("verify a signature of the bare message and of the message a wallet wraps", async () => {
    const { account, pair } = await signerFromMnemonic("//Alice");
    const message = text("a fresh random text");
    expect(verifySignature(account, message, pair.sign(message))).to.equal(true);
    const wrapped = pair.sign(u8aConcat(text("<Bytes>"), message, text("</Bytes>")));
    expect(verifySignature(account, message, wrapped)).to.equal(true);
  });

  it("do not verify a changed message, another account, or a malformed signature", async () => {
    const { account, pair } = await signerFromMnemonic("//Alice");
    const bob = await signerFromMnemonic("//Bob");
    const signature = pair.sign(text("message"));
    expect(verifySignature(account, text("messagE"), signature)).to.equal(false);
    expect(verifySignature(bob.account, text("message"), signature)).to.equal(false);
    expect(verifySignature(account, text("message"), signature.subarray(1))).to.equal(false);
    expect(verifySignature(account, text("message"), new Uint8Array(0))).to.equal(false);
    expect(verifySignature("nobody", text("message"), signature)).to.equal(false);
  });

  it("refuse a wrong mnemonic without repeating it", async () => {
    const error = await rejection(signerFromMnemonic("abandon abandon abandon secretword"));
    expect(error.message)
      .to.match(/mnemonic cannot be read/)
      .and.not.contain("secretword");
    // Up to 32 bytes, the library would take this for a key.
    await rejection(signerFromMnemonic("abandon ability able"));
    await rejection(signerFromMnemonic("0x1234"));
    expect((await signerFromMnemonic(`0x${"1".repeat(64)}`)).account).to.match(/^cX/);
  });

  it("come from a file that holds the mnemonic", async () => {
    const mnemonic = mnemonicGenerate();
    const path = join(folder, "mnemonic");
    await writeFile(path, `${mnemonic}\n`);
    expect((await signerFromMnemonicFile(path)).account).to.equal((await signerFromMnemonic(mnemonic)).account);
  });

  it("come from a wallet's keystore file, with its password only", async () => {
    const path = join(folder, "keystore.json");
    const pair = new Keyring({ type: "sr25519" }).addFromUri("//Alice");
    await writeFile(path, JSON.stringify(pair.toJson("open sesame")));
    const signer = await signerFromKeystore(path, "open sesame");
    expect(signer.account).to.equal(formatAccount(ALICE_KEY));
    const message = text("signed by the unlocked pair");
    expect(verifySignature(signer.account, message, signer.pair.sign(message))).to.equal(true);
    expect((await rejection(signerFromKeystore(path, "wrong"))).message).to.match(/password does not open/);
  });

  it("refuse a keystore of another kind of key, and a file that is none", async () => {
    const ed25519 = join(folder, "ed25519.json");
    await writeFile(ed25519, JSON.stringify(new Keyring({ type: "ed25519" }).addFromUri("//Alice").toJson("pw")));
    expect((await rejection(signerFromKeystore(ed25519, "pw"))).message).to.match(/ed25519.*sr25519 only/);
    const none = join(folder, "none.json");
    const whole = new Keyring({ type: "sr25519" }).addFromUri("//Alice").toJson("pw");
    const broken = { ...whole, encoding: { ...whole.encoding, content: [7] } };
    for (const content of [
      "{}",
      "null",
      "no JSON",
      JSON.stringify({ ...whole, address: undefined }),
      JSON.stringify(broken),
    ]) {
      await writeFile(none, content);
      expect((await rejection(signerFromKeystore(none, "pw"))).message).to.match(/not a wallet's keystore file/);
    }
  });
});
