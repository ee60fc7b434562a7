import { secp256k1PairFromSeed, secp256k1Sign } from "@polkadot/util-crypto";
import { expect } from "chai";
import { formatAccount } from "../../../src/network/chain/accounts.js";
import { authorizationMessage, type AuthorizationPayload } from "../../../src/network/chain/proxy-authorization.js";
import { ethereumSigner, personalMessage } from "../../../src/network/chain/wallets.js";
import { account, ChainClient } from "./chain-client.js";

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
const [gateway, owner] = [account("Gateway"), account("Owner")];
const ethereum = secp256k1PairFromSeed(Buffer.alloc(32, 7));

function personalSign(message: Uint8Array): Uint8Array {
  const signature = secp256k1Sign(personalMessage(message), ethereum, "keccak");
  // Wallets count from 27.
  signature[64] = (signature[64] ?? 0) + 27;
  return signature;
}

describe("Authorizations by proxy on the dev chain", () => {
  for (const spec of [100, 133, 136] as const)
    describe(`of spec ${spec}`, () => {
      let chain: ChainClient;
      before(async () => {
        chain = await ChainClient.start(spec, { accounts: [gateway] });
        // Block 200 is far enough from the beginning for payloads of the past.
        for (let n = 0; n < 200; n++) chain.devChain.chain.build();
      });
      after(() => chain.close());

      const payload = (exp: number): AuthorizationPayload => ({ oss: formatAccount(gateway.publicKey), exp });
      const now = async () => (await chain.api.rpc.chain.getHeader()).number.toNumber();
      const authorize = async (given: AuthorizationPayload, signature = owner.sign(authorizationMessage(given))) =>
        (await chain.run(gateway, chain.api.tx["oss"]!["proxyAuthorzie"]!(hex(owner.publicKey), hex(signature), given)))
          .error;
      const operators = async (publicKey: Uint8Array) =>
        (await chain.api.query["oss"]!["authorityList"]!(publicKey)).toJSON() as string[];

      it("refuses a payload whose exp this runtime does not take, and a signature of another", async () => {
        const block = await now();
        // It is in the next block: 100 refuses what is 100 blocks ahead of that, 133 what is 100 blocks behind.
        expect(await authorize(payload(block + 1 + (spec === 100 ? 100 : -100)))).to.equal("oss.Expired");
        expect(
          await authorize(payload(await now()), account("Other").sign(authorizationMessage(payload(await now())))),
        ).to.equal("oss.VerifySigFailed");
        const bare = authorizationMessage(payload(await now())).subarray(7, -8);
        expect(await authorize(payload(await now()), owner.sign(bare))).to.equal("oss.VerifySigFailed");
        expect(await authorize(payload(await now()), owner.sign(bare).subarray(1))).to.equal("oss.MalformedSignature");
        expect(await operators(owner.publicKey)).to.deep.equal([]);
      });

      it("takes one for the present block, paid by whoever sends it, once", async () => {
        const free = async () =>
          (await chain.api.query["system"]!["account"]!(owner.publicKey)).toJSON() as { data: object };
        const before = await free();
        const given = payload(await now());
        expect(await authorize(given)).to.equal(undefined);
        expect(await operators(owner.publicKey)).to.deep.equal([gateway.address]);
        expect(await free()).to.deep.equal(before);
        expect(await authorize(given)).to.equal("oss.Existed");
      });

      if (spec === 100)
        it("has no such call for Ethereum keys", () => {
          expect(chain.api.tx["oss"]!["evmProxyAuthorzie"]).to.equal(undefined);
        });
      else
        it("takes a personal_sign signature for the account of the key, and for no other", async () => {
          const given = payload(await now());
          const signature = personalSign(authorizationMessage(given));
          const signer = ethereumSigner(authorizationMessage(given), signature)!;
          const send = async (to: string) =>
            (await chain.run(gateway, chain.api.tx["oss"]!["evmProxyAuthorzie"]!(to, hex(signature), given))).error;
          const key = (address: string) => hex(chain.api.createType("AccountId", address).toU8a());
          expect(await send(key(signer.evmAccount))).to.equal("oss.VerifySigFailed");
          expect(await send(key(signer.account))).to.equal(undefined);
          expect(await operators(chain.api.createType("AccountId", signer.account).toU8a())).to.deep.equal([
            gateway.address,
          ]);
        });
    });
});
