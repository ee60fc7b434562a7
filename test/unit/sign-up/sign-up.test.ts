import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { expect } from "chai";
import type { Catalog } from "../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { KeyRing } from "../../../src/keys/key-ring.js";
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

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const outcome = ({ status, body }: Reply) => [status, body["code"]];

describe("Sign-up with a wallet", () => {
  let folder: string;
  let clock: ManualClock;
  let catalog: Catalog;
  let chain: AuthorizingChain;
  let endpoint: SignUpEndpoint;
  let anna: Wallet;
  const started: SignUpEndpoint[] = [];

  const open = (name = "catalog") =>
    openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, `${name}.sqlite`) });
  const start = async (
    ...given: Parameters<typeof SignUpEndpoint.start> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    endpoint = await SignUpEndpoint.start({ catalog, chain, clock }, ...given);
    started.push(endpoint);
    return endpoint;
  };
  const own = (wallet: Pick<Wallet, "account">, ...names: string[]) =>
    chain.owned.set(
      wallet.account,
      names.map((name) => ({ name, state: "active" })),
    );

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sign-up-"));
    clock = new ManualClock();
    catalog = await open();
    chain = new AuthorizingChain();
    anna = await sr25519Wallet("//Anna");
    own(anna, "photos");
    await start();
  });
  afterEach(async () => {
    for (const each of started.splice(0)) await each.stop();
    await catalog.close();
    await rm(folder, { recursive: true });
  });

  describe("at two gateways over one catalog", () => {
    const gateways: SignUpEndpoint[] = [];
    const catalogs: Catalog[] = [];
    beforeEach(async () => {
      for (const gateway of ["one", "two"]) {
        const settings = { path: join(folder, "shared.sqlite"), shared: true };
        const shared = await openSqliteCatalog({ clock, sealer: testKeys, gateway }, settings);
        catalogs.push(shared);
        gateways.push(await SignUpEndpoint.start({ catalog: shared, chain, clock }, { maxKeys: 1, maxAccounts: 1 }));
      }
    });
    afterEach(async () => {
      for (const each of gateways.splice(0)) await each.stop();
      for (const each of catalogs.splice(0)) await each.close();
    });

    it("takes a challenge once, whichever gateway made it and whichever it comes to", async () => {
      const [one, two] = [gateways[0]!, gateways[1]!];
      const signed = anna.signed(await one.challenge(anna));
      const answers = await Promise.all([one, two, two].map((each) => each.send("POST", "/v1/keys", signed)));
      expect(answers.filter(({ status }) => status === 201)).to.have.length(1);
      expect((await two.send("POST", "/v1/keys", signed)).status).to.be.within(400, 429);
      expect(await catalogs[0]!.identities.keys()).to.have.length(1);
    });

    it("keeps the limits of keys and of accounts, also when both are asked at once", async () => {
      const bert = await sr25519Wallet("//Bert");
      own(bert, "photos");
      const asked = [anna, bert].flatMap((wallet) => gateways.map((each) => each.key(wallet)));
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).to.have.length(1);
      for (const wallet of [anna, bert])
        for (const each of gateways) expect((await each.key(wallet)).status).to.not.equal(201);
      expect(await catalogs[0]!.identities.accounts()).to.have.length(1);
      expect(await catalogs[0]!.identities.keys()).to.have.length(1);
    });
  });

  describe("gives a key", () => {
    it("for the territory of whoever signs the challenge, and makes the account once", async () => {
      chain.operators.add(anna.account);
      const { status, body, headers } = await endpoint.key(anna);
      expect(status).to.equal(201);
      expect(headers.get("cache-control")).to.equal("no-store");
      expect(body).to.include({
        account: anna.account,
        territory: "photos",
        endpoint: "https://s3.example.com",
        region: "us-east-1",
        authorized: true,
        expires: new Date(clock.now() + 365 * DAY_MS).toISOString(),
      });
      expect(body).not.to.have.property("authorization");
      const { accessKeyId, secretAccessKey } = body as unknown as { accessKeyId: string; secretAccessKey: string };
      const key = await endpoint.accounts.lookup(accessKeyId);
      expect(key?.secretAccessKey).to.equal(secretAccessKey);
      expect(key?.account).to.include({ cessAccount: anna.account, territory: "photos", displayName: anna.account });
      expect((await endpoint.key(anna)).status).to.equal(201);
      expect((await catalog.identities.accounts()).map(({ name }) => name)).to.deep.equal([anna.account]);
      expect(endpoint.acts.map(({ act }) => act)).to.deep.equal(["sign up", "create key", "create key"]);
      expect(JSON.stringify(endpoint.acts)).not.to.contain(secretAccessKey);
      expect(endpoint.acts[1]?.by).to.equal(`wallet ${anna.account} from 127.0.0.1`);
    });

    it("to a signature in <Bytes>…</Bytes>, under any SS58 prefix of the account", async () => {
      const wrapped = await sr25519Wallet("//Anna", true);
      expect((await endpoint.key(wrapped)).status).to.equal(201);
      // The same key in Substrate's own notation.
      const { signer } = await sr25519Wallet("//Anna");
      const { encodeAddress } = await import("@polkadot/util-crypto");
      const other = { ...anna, account: encodeAddress(signer.pair.publicKey, 42) };
      const challenge = await endpoint.challenge(other);
      const answer = await endpoint.send("POST", "/v1/keys", { ...anna.signed(challenge), account: other.account });
      expect(answer.body["account"]).to.equal(anna.account);
    });

    it("to a personal_sign signature, for the account that the key can authorize for", async () => {
      await cryptoWaitReady();
      const signer = ethereumSigner(Buffer.from("x"), ethereumSignature(7, Buffer.from("x")))!;
      own({ account: signer.account }, "photos");
      for (const account of [signer.address, signer.address.toUpperCase().replace("0X", "0x"), signer.account]) {
        const { status, body } = await endpoint.key(ethereumWallet(7, account));
        expect([status, body["account"]], account).to.deep.equal([201, signer.account]);
      }
    });

    it("for the EVM's account of an Ethereum key where that is named, which cannot authorize by proxy", async () => {
      await cryptoWaitReady();
      const { evmAccount } = ethereumSigner(Buffer.from("x"), ethereumSignature(7, Buffer.from("x")))!;
      own({ account: evmAccount }, "photos");
      const { body } = await endpoint.key(ethereumWallet(7, evmAccount));
      expect(body).to.include({ account: evmAccount, authorized: false });
      expect(body["authorization"]).to.have.property("unavailable");
      expect(body["authorization"]).not.to.have.property("payload");
    });
  });

  describe("takes a challenge", () => {
    const keyFor = async (challenge: string, by = anna) =>
      outcome(await endpoint.send("POST", "/v1/keys", by.signed(challenge)));
    const used = [401, "ChallengeUsed"];

    it("once", async () => {
      const challenge = await endpoint.challenge(anna);
      expect(await keyFor(challenge)).to.deep.equal([201, undefined]);
      expect(await keyFor(challenge)).to.deep.equal(used);
      const several = await endpoint.challenge(anna);
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => keyFor(several)));
      expect(outcomes.filter(([status]) => status === 201)).to.have.length(1);
    });

    it("once, also after a restart", async () => {
      const challenge = await endpoint.challenge(anna);
      expect((await keyFor(challenge))[0]).to.equal(201);
      await catalog.close();
      catalog = await open();
      await start();
      expect(await keyFor(challenge)).to.deep.equal(used);
    });

    it("once, by either of two processes over one catalog", async () => {
      const first = endpoint;
      const second = await start();
      const challenge = await first.challenge(anna);
      const signed = anna.signed(challenge);
      const outcomes = await Promise.all([first, second].map((each) => each.send("POST", "/v1/keys", signed)));
      expect(outcomes.map(({ status }) => status).sort()).to.deep.equal([201, 401]);
    });

    it("of another gateway's catalog not at all, though it has the same master key", async () => {
      const challenge = await endpoint.challenge(anna);
      const other = await open("other");
      const elsewhere = await SignUpEndpoint.start({ catalog: other, chain, clock });
      started.push(elsewhere);
      expect(outcome(await elsewhere.send("POST", "/v1/keys", anna.signed(challenge)))).to.deep.equal([
        401,
        "InvalidChallenge",
      ]);
      await elsewhere.stop();
      started.pop();
      await other.close();
    });

    it("until it is over", async () => {
      const challenge = await endpoint.challenge(anna);
      await clock.advance(5 * MINUTE_MS - 1);
      expect((await keyFor(challenge))[0]).to.equal(201);
      const late = await endpoint.challenge(anna);
      await clock.advance(5 * MINUTE_MS);
      expect(await keyFor(late)).to.deep.equal([401, "ChallengeExpired"]);
    });

    it("not under another gateway's name, or on another chain, or with another master key", async () => {
      const invalid = [401, "InvalidChallenge"];
      const challenge = await endpoint.challenge(anna);
      await start({ gateway: "other.example.com" });
      expect(await keyFor(challenge)).to.deep.equal(invalid);
      chain = new AuthorizingChain(`0x${"cd".repeat(32)}`);
      own(anna, "photos");
      await start();
      expect(await keyFor(challenge)).to.deep.equal(invalid);
      chain = new AuthorizingChain();
      await start({}, { keys: new KeyRing({ master: [Buffer.alloc(32, 8)], kms: new Map(), ciphers: new Map() }) });
      expect(await keyFor(challenge)).to.deep.equal(invalid);
    });

    it("not for another account or purpose, and not when a letter of it was changed", async () => {
      const bert = await sr25519Wallet("//Bert");
      own(bert, "photos");
      const invalid = [401, "InvalidChallenge"];
      const challenge = await endpoint.challenge(anna);
      expect(await keyFor(challenge, bert)).to.deep.equal(invalid);
      expect(await keyFor(challenge.replace(anna.account, bert.account), bert)).to.deep.equal(invalid);
      expect(await keyFor(challenge.replace(/Expires: \d+/, "Expires: 2999"))).to.deep.equal(invalid);
      expect(await keyFor(await endpoint.challenge(anna, { revoke: "CESSKEY" }))).to.deep.equal(invalid);
      expect(await keyFor("no challenge at all")).to.deep.equal(invalid);
    });

    it("not with another one's signature, and then it can still be used", async () => {
      const bert = await sr25519Wallet("//Bert");
      const challenge = await endpoint.challenge(anna);
      const signed = { ...anna.signed(challenge), signature: bert.sign(Buffer.from(challenge)) };
      const wrong = [401, "SignatureDoesNotMatch"];
      expect(outcome(await endpoint.send("POST", "/v1/keys", signed))).to.deep.equal(wrong);
      const ethereum = { ...ethereumWallet(7, anna.account).signed(challenge) };
      expect(outcome(await endpoint.send("POST", "/v1/keys", ethereum))).to.deep.equal(wrong);
      expect((await keyFor(challenge))[0]).to.equal(201);
    });
  });

  describe("refuses", () => {
    it("an account without an active territory that fits, and asks which where there are several", async () => {
      const bert = await sr25519Wallet("//Bert");
      expect(outcome(await endpoint.key(bert))).to.deep.equal([403, "NoTerritory"]);
      chain.owned.set(bert.account, [{ name: "old", state: "expired" }]);
      expect(outcome(await endpoint.key(bert))).to.deep.equal([403, "NoTerritory"]);
      own(bert, "photos", "films");
      const several = await endpoint.key(bert);
      expect(outcome(several)).to.deep.equal([409, "TerritoryNotChosen"]);
      expect(several.body["territories"]).to.deep.equal(["photos", "films"]);
      expect((await endpoint.key(bert, { territory: "films" })).body["territory"]).to.equal("films");
      expect((await endpoint.key(bert)).body["territory"], "that of the account").to.equal("films");
      expect(outcome(await endpoint.key(bert, { territory: "photos" }))).to.deep.equal([409, "TerritoryDiffers"]);
      await start({ territory: "p*" });
      const carl = await sr25519Wallet("//Carl");
      own(carl, "films");
      expect(outcome(await endpoint.key(carl))).to.deep.equal([403, "NoTerritory"]);
    });

    it("accounts of the operator, disabled ones, and more than there may be", async () => {
      const { accounts } = endpoint;
      const owner = accounts.all[0]!;
      own({ account: owner.cessAccount }, "home");
      const dev = await sr25519Wallet("//Bert");
      await catalog.identities.addAccount({
        id: Buffer.from((await sr25519Wallet("//Bert")).signer.pair.publicKey).toString("hex"),
        name: "bert",
        cessAccount: dev.account as never,
        territory: "photos",
        readsNetwork: false,
        quota: {},
      });
      await accounts.refresh();
      own(dev, "photos");
      expect(outcome(await endpoint.key(dev))).to.deep.equal([409, "AccountOfOperator"]);
      await start({ maxAccounts: 1 });
      expect((await endpoint.key(anna)).status).to.equal(201);
      const carl = await sr25519Wallet("//Carl");
      own(carl, "photos");
      expect(outcome(await endpoint.key(carl))).to.deep.equal([403, "SignUpFull"]);
      await catalog.identities.disableAccount(
        (await catalog.identities.accounts()).find(({ name }) => name === anna.account)!.id,
      );
      await endpoint.accounts.refresh();
      expect(outcome(await endpoint.key(anna))).to.deep.equal([403, "AccountDisabled"]);
    });

    it("more keys than an account may have, until one is ended or over", async () => {
      await start({ maxKeys: 2, keyDays: 1 });
      const first = (await endpoint.key(anna)).body["accessKeyId"] as string;
      await endpoint.key(anna);
      const full = await endpoint.key(anna);
      expect(outcome(full)).to.deep.equal([409, "TooManyKeys"]);
      expect((full.body["keys"] as { accessKeyId: string }[]).map(({ accessKeyId }) => accessKeyId)).to.include(first);
      expect(JSON.stringify(full.body)).not.to.contain("secret");
      const revoke = async (id: string, by = anna) =>
        endpoint.send("DELETE", `/v1/keys/${id}`, by.signed(await endpoint.challenge(by, { revoke: id })));
      const bert = await sr25519Wallet("//Bert");
      expect(outcome(await revoke(first, bert))).to.deep.equal([404, "NoSuchKey"]);
      expect(await endpoint.accounts.lookup(first)).not.to.equal(undefined);
      expect((await revoke(first)).body).to.deep.equal({ revoked: first });
      expect(await endpoint.accounts.lookup(first)).to.equal(undefined);
      expect((await endpoint.key(anna)).status).to.equal(201);
      await clock.advance(DAY_MS);
      expect((await endpoint.key(anna)).status).to.equal(201);
      expect(await catalog.identities.keys()).to.have.length(1);
    });

    it("concurrent requests that would pass the limit of keys together", async () => {
      await start({ maxKeys: 2 });
      const challenges = await Promise.all(Array.from({ length: 5 }, () => endpoint.challenge(anna)));
      const all = await Promise.all(challenges.map((each) => endpoint.send("POST", "/v1/keys", anna.signed(each))));
      expect(all.filter(({ status }) => status === 201)).to.have.length(2);
    });

    it("concurrent requests that would pass the limit of accounts together", async () => {
      await start({ maxAccounts: 2 });
      const wallets = await Promise.all(["//A", "//B", "//C", "//D"].map((uri) => sr25519Wallet(uri)));
      for (const each of wallets) own(each, "photos");
      const answers = await Promise.all(wallets.map((each) => endpoint.key(each)));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 201, 403, 403]);
    });

    it("what comes too often from one address, or of one account, with when to come again", async () => {
      await start({ rate: { requestsPerSecond: 1, burst: 2 } }, { trustProxy: true });
      const from = (address: string) =>
        endpoint.send("POST", "/v1/challenges", { account: anna.account }, { "x-forwarded-for": address });
      expect([(await from("10.0.0.1")).status, (await from("10.0.0.1")).status]).to.deep.equal([201, 201]);
      const refused = await from("10.0.0.1");
      expect(outcome(refused)).to.deep.equal([429, "TooManyRequests"]);
      expect(refused.headers.get("retry-after")).to.equal("1");
      const { body } = await from("10.0.0.2");
      const signed = anna.signed(body["challenge"] as string);
      const tries: unknown[] = [];
      for (const host of [11, 12, 13])
        tries.push((await endpoint.send("POST", "/v1/keys", signed, { "x-forwarded-for": `10.0.0.${host}` })).status);
      expect(tries).to.deep.equal([201, 401, 429]);
    });
  });

  describe("over HTTP", () => {
    it("says what is wrong with a request", async () => {
      const code = async (...request: Parameters<SignUpEndpoint["send"]>) => outcome(await endpoint.send(...request));
      expect(await code("POST", "/v1/other", {})).to.deep.equal([404, "NotFound"]);
      expect(await code("GET", "/v1/keys")).to.deep.equal([405, "MethodNotAllowed"]);
      expect((await endpoint.send("GET", "/v1/keys")).headers.get("allow")).to.equal("POST, OPTIONS");
      expect(await code("POST", "/v1/challenges", "{")).to.deep.equal([400, "InvalidRequest"]);
      expect(await code("POST", "/v1/challenges", {}, { "content-type": "text/plain" })).to.deep.equal([
        415,
        "UnsupportedMediaType",
      ]);
      expect(await code("POST", "/v1/challenges", { account: "x".repeat(9_000) })).to.deep.equal([413, "TooLarge"]);
      for (const account of ["", "5Grw", "0x12", anna.account.replace(/.$/, anna.account.endsWith("a") ? "b" : "a")])
        expect(await code("POST", "/v1/challenges", { account }), account).to.deep.equal([400, "InvalidRequest"]);
      const signed = anna.signed(await endpoint.challenge(anna));
      for (const wrong of [{ signature: "0x12" }, { type: "ed25519" }, { challenge: 5 }, { more: 1 }])
        expect(await code("POST", "/v1/keys", { ...signed, ...wrong })).to.deep.equal([400, "InvalidRequest"]);
    });

    it("lets only listed pages ask from browsers", async () => {
      await start({ origins: ["https://wallet.example.com"] });
      const ask = (origin: string) => endpoint.send("OPTIONS", "/v1/keys", undefined, { origin });
      const { status, headers } = await ask("https://wallet.example.com");
      expect(status).to.equal(204);
      expect(headers.get("access-control-allow-origin")).to.equal("https://wallet.example.com");
      expect(headers.get("access-control-allow-headers")).to.equal("content-type");
      expect((await ask("https://other.example.com")).headers.get("access-control-allow-origin")).to.equal(null);
      const answer = await endpoint.send(
        "POST",
        "/v1/challenges",
        { account: anna.account },
        { origin: "https://wallet.example.com" },
      );
      expect(answer.headers.get("access-control-allow-origin")).to.equal("https://wallet.example.com");
    });
  });
});
