import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { expect } from "chai";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import type { CessAccount } from "../../../src/model/account.js";
import { ChainRefusal, ExtrinsicLost, FeesUnpaid } from "../../../src/network/chain/chain.js";
import {
  authorizationMessage,
  payloadBytes,
  takesExpiry,
  type AuthorizationPayload,
} from "../../../src/network/chain/proxy-authorization.js";
import { ethereumSigner } from "../../../src/network/chain/wallets.js";
import { ManualClock } from "../../support/manual-clock.js";
import {
  AuthorizingChain,
  ethereumSignature,
  ethereumWallet,
  SignUpEndpoint,
  sr25519Wallet,
  type Reply,
  type Wallet,
} from "../../support/sign-up-endpoint.js";
import { testKeys } from "../../support/test-keys.js";

const DAY_MS = 86_400_000;
const outcome = ({ status, body }: Reply) => [status, body["code"]];

interface Offer {
  readonly operator: string;
  readonly payload: AuthorizationPayload;
  readonly data: string;
  readonly message: string;
  readonly unavailable?: string;
}

describe("Authorizations that owners have signed", () => {
  let folder: string;
  let clock: ManualClock;
  let catalog: Catalog;
  let chain: AuthorizingChain;
  let endpoint: SignUpEndpoint;
  let anna: Wallet;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "authorizations-"));
    clock = new ManualClock();
    catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.sqlite") });
    chain = new AuthorizingChain();
    anna = await sr25519Wallet("//Anna");
    endpoint = await SignUpEndpoint.start({ catalog, chain, clock });
  });
  afterEach(async () => {
    await endpoint.stop();
    await catalog.close();
    await rm(folder, { recursive: true });
  });

  const restart = async (settings: Parameters<typeof SignUpEndpoint.start>[1]) => {
    await endpoint.stop();
    endpoint = await SignUpEndpoint.start({ catalog, chain, clock }, settings);
  };
  /** What is offered to a wallet that has signed up. */
  const offerTo = async (wallet: Wallet): Promise<Offer> => {
    chain.owned.set(wallet.account, [{ name: "photos", state: "active" }]);
    const { body } = await endpoint.key(wallet);
    return body["authorization"] as Offer;
  };
  const submit = (wallet: Wallet, payload: AuthorizationPayload, more: object = {}) =>
    endpoint.send("POST", "/v1/authorizations", {
      account: wallet.account,
      payload,
      type: wallet.type,
      signature: wallet.sign(authorizationMessage(payload)),
      ...more,
    });

  it("are offered with a new key, sent and paid once, however often they come", async () => {
    const offer = await offerTo(anna);
    expect(offer.operator).to.equal(chain.account);
    expect(offer.payload).to.deep.equal({ oss: chain.account, exp: 1_000 });
    expect(Buffer.from(offer.data.slice(2), "hex")).to.deep.equal(Buffer.from(payloadBytes(offer.payload)));
    const message = Buffer.from(offer.message.slice(2), "hex");
    expect(message).to.deep.equal(Buffer.from(authorizationMessage(offer.payload)));
    expect(message.toString("latin1")).to.match(/^<Bytes>[^]{36}<\/Bytes>$/);
    const answers = await Promise.all([submit(anna, offer.payload), submit(anna, offer.payload)]);
    expect(answers.map(({ body }) => body["paid"])).to.have.members([true, false]);
    expect((await submit(anna, offer.payload)).body).to.deep.equal({
      account: anna.account,
      authorized: true,
      paid: false,
    });
    expect(chain.submitted).to.have.length(1);
    expect((await endpoint.key(anna)).body).to.include({ authorized: true });
    expect(endpoint.acts.filter(({ act }) => act === "authorize")).to.deep.equal([
      { act: "authorize", by: `wallet ${anna.account} from 127.0.0.1`, subject: anna.account, result: "done" },
    ]);
  });

  it("are taken of an Ethereum key for its own account", async () => {
    await cryptoWaitReady();
    const { account, address } = ethereumSigner(Buffer.from("x"), ethereumSignature(7, Buffer.from("x")))!;
    chain.owned.set(account, [{ name: "photos", state: "active" }]);
    const wallet = ethereumWallet(7, address);
    const { payload } = (await endpoint.key(wallet)).body["authorization"] as Offer;
    expect((await submit(ethereumWallet(7, account), payload)).body).to.include({ paid: true, account });
    expect(chain.submitted[0]).to.include({ account, type: "ethereum" });
  });

  it("are not paid for when the chain would refuse them", async () => {
    const { payload } = await offerTo(anna);
    const bert = await sr25519Wallet("//Bert");
    const wrong = [401, "SignatureDoesNotMatch"];
    expect(outcome(await submit(anna, payload, { signature: bert.sign(authorizationMessage(payload)) }))).to.deep.equal(
      wrong,
    );
    expect(outcome(await submit(anna, payload, { signature: anna.sign(payloadBytes(payload)) }))).to.deep.equal(wrong);
    expect(
      outcome(
        await submit(
          anna,
          { ...payload, exp: payload.exp + 1 },
          { signature: anna.sign(authorizationMessage(payload)) },
        ),
      ),
    ).to.deep.equal(wrong);
    expect(outcome(await submit(anna, { ...payload, oss: bert.account as CessAccount }))).to.deep.equal([
      400,
      "WrongGateway",
    ]);
    expect(outcome(await submit(bert, payload))).to.deep.equal([403, "NotSignedUp"]);
    for (const exp of [payload.exp - 80, payload.exp + 80]) {
      const expired = await submit(anna, { ...payload, exp });
      expect(outcome(expired), String(exp)).to.deep.equal([400, "PayloadExpired"]);
      expect((expired.body["authorization"] as Offer).payload).to.deep.equal(payload);
    }
    chain.types = ["ethereum"];
    expect(outcome(await submit(anna, payload))).to.deep.equal([409, "NotSupported"]);
    expect(chain.submitted).to.deep.equal([]);
  });

  it("have an exp that both kinds of runtime take for a while", () => {
    // Included in one of the next 20 blocks: older ones refuse exp >= block + 100, newer ones exp + 100 <= block.
    for (const exp of [0, 900, 919, 920, 921, 1_000, 1_079, 1_080, 1_100, 2_000])
      if (takesExpiry(exp, 1_000))
        for (const block of [1_001, 1_020])
          expect(exp < block + 100 && exp + 100 > block, `${exp} in ${block}`).to.equal(true);
    expect(takesExpiry(1_000, 1_000)).to.equal(true);
    expect(takesExpiry(950, 1_000)).to.equal(true);
  });

  it("are paid for within the day's budget, also after a restart, and twice for one account", async () => {
    await restart({ authorizationsPerDay: 2 });
    const { payload } = await offerTo(anna);
    expect((await submit(anna, payload)).status).to.equal(200);
    chain.operators.clear();
    await restart({ authorizationsPerDay: 2 });
    expect((await submit(anna, payload)).status).to.equal(200);
    const bert = await sr25519Wallet("//Bert");
    const { payload: his } = await offerTo(bert);
    const refused = await submit(bert, his);
    expect(outcome(refused)).to.deep.equal([429, "BudgetUsedUp"]);
    expect(refused.headers.get("retry-after")).to.equal("3600");
    await clock.advance(DAY_MS + 1);
    expect((await submit(bert, his)).status).to.equal(200);
    await restart({ authorizationsPerDay: 100 });
    chain.operators.clear();
    expect([await submit(bert, his), await submit(anna, payload)].map(({ status }) => status)).to.deep.equal([
      200, 200,
    ]);
    chain.operators.clear();
    expect(outcome(await submit(bert, his)), "a third time").to.deep.equal([429, "BudgetUsedUp"]);
  });

  it("are left to the owner where the gateway pays for none, or the chain takes none of this wallet", async () => {
    await restart({ authorizationsPerDay: 0 });
    expect(await offerTo(anna))
      .to.have.property("unavailable")
      .that.contains("call oss.authorize");
    await restart({});
    chain.types = ["ethereum"];
    expect(await offerTo(anna))
      .to.have.property("unavailable")
      .that.contains("takes no signature");
  });

  it("cost nothing of the budget when they were never included, and say so", async () => {
    await restart({ authorizationsPerDay: 1 });
    const { payload } = await offerTo(anna);
    chain.refusal = new FeesUnpaid("the account cannot pay the fee");
    expect(outcome(await submit(anna, payload))).to.deep.equal([503, "FeesUnpaid"]);
    chain.refusal = new ExtrinsicLost("its era ended");
    expect(outcome(await submit(anna, payload))).to.deep.equal([503, "NotIncluded"]);
    chain.refusal = undefined;
    expect((await submit(anna, payload)).body).to.include({ paid: true });
    chain.operators.clear();
    expect(outcome(await submit(anna, payload))).to.deep.equal([429, "BudgetUsedUp"]);
  });

  it("tell what the chain said when it refuses, and count as done when somebody else was quicker", async () => {
    const { payload } = await offerTo(anna);
    chain.refusal = new ChainRefusal("oss", "BoundedVecError");
    const refused = await submit(anna, payload);
    expect(outcome(refused)).to.deep.equal([409, "ChainRefused"]);
    expect(refused.body["message"]).to.contain("oss.BoundedVecError");
    chain.refusal = new ChainRefusal("oss", "Existed");
    expect((await submit(anna, payload)).body).to.include({ authorized: true });
    expect(endpoint.acts.filter(({ act }) => act === "authorize").map(({ result }) => result)).to.deep.equal([
      "failed: the chain refused: oss.BoundedVecError",
      "failed: the chain refused: oss.Existed",
    ]);
  });
});
