import { randomBytes } from "node:crypto";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { encodeAddress } from "@polkadot/util-crypto";
import { expect } from "chai";
import type { Page } from "playwright-core";
import { signerFromMnemonic, type Signer } from "../../src/network/chain/accounts.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { TerritoryReader } from "../../src/network/chain/territory-reader.js";
import { ConsoleBrowser, signIn } from "../support/console-browser.js";
import { eventually } from "../support/eventually.js";
import { objectState } from "../support/object-state.js";
import { walletSignature } from "../support/wallet-signature.js";

const MIB = 2 ** 20;

describe("The network in the console", () => {
  let on: ConsoleBrowser;
  before(async () => {
    on = await ConsoleBrowser.start();
    await on.gateway.client().send(new CreateBucketCommand({ Bucket: "box" }));
  });
  after(() => on.close());
  afterEach(() => expect(on.faults).to.deep.equal([]));

  it("shows an object on its way to `stored` while nodes fail, and who holds each fragment", async () => {
    await on.gateway.setFault(1, "down");
    await on.gateway.setFault(2, "down");
    const page = await on.signedIn({ url: on.usersUrl });
    await page.goto(`${on.usersUrl}#/buckets/box`);
    const content = { name: "film.bin", mimeType: "application/octet-stream", buffer: randomBytes(40 * MIB) };
    await page.locator('[data-choose="files"]').setInputFiles(content);
    await page.getByRole("link", { name: "film.bin" }).click();
    await page.getByRole("tab", { name: "On the network" }).click();
    await page.getByRole("listitem").filter({ hasText: "Staged" }).waitFor();
    await page.getByText(/Stored: 12 of 12 fragments are there/).waitFor({ timeout: 150_000 });
    expect(await page.locator(".cell.held").count()).to.equal(24);
    // Each state with the time that it took, one after the other.
    const times: string[] = [];
    for (const time of await page.locator(".stop time").all()) times.push((await time.getAttribute("datetime")) ?? "");
    expect(times).to.have.length(5);
    expect(times).to.deep.equal([...times].sort());
    await page
      .getByText(/^after \d+ s/)
      .first()
      .waitFor();
    await page
      .getByRole("button", { name: /Fragment 7: held/ })
      .first()
      .click();
    const nodes = await on.gateway.nodes();
    await page
      .getByText(/http:\/\/127\.0\.0\.1:\d+/)
      .first()
      .waitFor();
    await page.getByText("Nodes of the first segment").click();
    const shown = await page.locator("details tbody tr td:nth-child(2)").allInnerTexts();
    expect(new Set(shown).size).to.equal(12);
    const down = nodes.filter(({ n }) => n === 1 || n === 2).map(({ account }) => account);
    expect(shown.filter((account) => down.includes(account))).to.deep.equal([]);
    await on.gateway.setFault(1, "none");
    await on.gateway.setFault(2, "none");
    await page.context().close();
  });

  it("tells why an object waits", async () => {
    for (const { n } of await on.gateway.nodes()) await on.gateway.setFault(n, "down");
    await on.gateway
      .client()
      .send(new PutObjectCommand({ Bucket: "box", Key: "waits.bin", Body: randomBytes(9 * MIB) }));
    const page = await on.signedIn();
    await page.goto(`${on.url}#/buckets/box/object?key=waits.bin&tab=way`);
    await page.getByText("What it waits for").waitFor();
    for (const { n } of await on.gateway.nodes()) await on.gateway.setFault(n, "none");
    await page.getByText(/Stored: 12 of 12/).waitFor({ timeout: 150_000 });
    await page.context().close();
  });

  it("shows a bucket's durability, and the other owner's bucket to nobody else", async () => {
    const page = await on.signedIn();
    await page.goto(`${on.url}#/buckets/box/durability`);
    await page.getByText("Stored objects by fragments left").waitFor();
    await page.getByText("100 %").waitFor();
    await page.context().close();
    const other = await on.signedIn({ key: ["cessalt", "cessaltsecret"] });
    await other.goto(`${on.url}#/buckets/box/durability`);
    await other.getByRole("alert").filter({ hasText: "may not do that" }).waitFor();
    await other.goto(`${on.url}#/buckets/box/object?key=film.bin&tab=way`);
    await other.getByRole("alert").filter({ hasText: "may not do that" }).first().waitFor();
    await other.context().close();
  });

  /** An extension in the page, as pages see it: it signs in Node, and writes addresses in the form of all networks. */
  const giveWallet = async (page: Page, session: ChainSession, owner: Signer) => {
    await page.exposeFunction("signInNode", (payload: { version: number }) => walletSignature(session, owner, payload));
    const address = encodeAddress(owner.pair.publicKey, 42);
    await page.addInitScript(`window.injectedWeb3 = { "polkadot-js": { enable: async () => ({
      accounts: { get: async () => [{ address: ${JSON.stringify(address)} }] },
      signer: { signPayload: async (payload) => ({ id: 1, signature: await window.signInNode(payload) }) },
    }) } };`);
    await page.reload();
    await signIn(page, ["cessdev", "cessdevsecret"]);
  };
  const chainSession = () => {
    const [, endpoint = ""] = /--chain (ws:\S+)/.exec(on.gateway.output) ?? [];
    return new ChainSession({ endpoints: [endpoint] });
  };

  it("lets users renew their territory for the price that it shows, signed by a wallet in the browser", async () => {
    const page = await on.signedIn({ url: on.usersUrl });
    const renew = async () => {
      await page.getByRole("link", { name: "Space" }).click();
      await page.getByRole("spinbutton", { name: "Days" }).fill("40");
      await page.getByRole("button", { name: "Show the price" }).click();
      await page.getByText("renew the territory cessdev by 40 days").waitFor();
    };
    await renew();
    await page.getByText("for new objects").waitFor();
    await page.getByText("cess-s3 territory renew cessdev --days 40").waitFor();
    await page.getByLabel("To do").selectOption("reactivate");
    await page.getByRole("button", { name: "Show the price" }).click();
    await page.getByRole("alert").filter({ hasText: "only an expired one is reactivated" }).waitFor();
    const session = chainSession();
    const owner = await signerFromMnemonic("//CessDev");
    const end = async () => (await new TerritoryReader(session).territories(owner.account))[0]?.deadline ?? 0;
    const before = await end();
    try {
      await giveWallet(page, session, owner);
      await renew();
      await page.getByRole("button", { name: "Sign with the wallet" }).click();
      await page.getByText("Signed, and final on the chain.").waitFor();
      expect(await end()).to.be.above(before);
    } finally {
      await session.close();
    }
    await page.context().close();
  });

  it("tells a user whose territory is not there which one to buy, and the price", async () => {
    const post = async (path: string, body: object) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${on.gateway.admin}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return (await answer.json()) as { accessKeyId: string; secretAccessKey: string };
    };
    const cessAccount = (await signerFromMnemonic("//Newcomer")).account;
    await post("/accounts", { name: "newcomer", cessAccount, territory: "not-yet" });
    const { accessKeyId, secretAccessKey } = await post("/keys", { account: "newcomer" });
    const page = await on.signedIn({ url: on.usersUrl, key: [accessKeyId, secretAccessKey] });
    await page.getByRole("link", { name: "Space" }).click();
    await page.getByText("charged to the territory not-yet, which the account does not have").waitFor();
    await page.getByRole("button", { name: "Show the price" }).click();
    await page
      .getByText(/buy the territory not-yet: 10 GiB for 30 days/)
      .first()
      .waitFor();
    await page.getByText("0.3 TCESS", { exact: true }).waitFor();
    await page.context().close();
  });

  it("buys a territory, moves files to it, and takes a gateway's authorization back and gives it again", async () => {
    const client = on.gateway.client();
    await client.send(new PutObjectCommand({ Bucket: "box", Key: "moved.bin", Body: randomBytes(9 * MIB) }));
    await eventually(
      "moved.bin is stored",
      async () => (await objectState(client, "box", "moved.bin")).state === "stored",
      150_000,
    );
    const page = await on.signedIn();
    const session = chainSession();
    try {
      const owner = await signerFromMnemonic("//CessDev");
      await page.goto(`${on.url}#/accounts`);
      await giveWallet(page, session, owner);
      await page.getByRole("region", { name: "cessdev" }).getByRole("button", { name: "Space" }).click();
      const reader = new TerritoryReader(session);
      const operators = () => reader.operators(owner.account);
      const sign = async (consequence: RegExp) => {
        await page.getByRole("button", { name: "Show the price" }).click();
        await page.getByText(consequence).first().waitFor();
        await page.getByRole("button", { name: "Sign with the wallet" }).click();
        await page.getByText("Signed, and final on the chain.").waitFor();
      };
      const choose = (kind: string) => page.getByLabel("To do").selectOption(kind);
      await choose("buy");
      await page.getByLabel("Territory", { exact: false }).last().fill("archive");
      await sign(/buy the territory archive: 10 GiB for 30 days/);
      await page.getByText(/10 GiB of 10 GiB left/).waitFor();
      const inArchive = async () =>
        (await reader.heldFiles(owner.account)).filter(({ territory }) => territory === "archive").length;
      const [moved] = await reader.heldFiles(owner.account);
      await choose("move");
      await page.getByLabel("To territory").selectOption("archive");
      await page.getByLabel("Only these files").fill("nothing");
      await page.getByRole("button", { name: "Show the price" }).click();
      await page.getByRole("alert").filter({ hasText: "nothing is no FID" }).waitFor();
      await page.getByLabel("Only these files").fill(moved?.fid ?? "");
      await sign(/their own records keep the old name/);
      expect(await inArchive()).to.equal(1);
      const [gateway = ""] = await operators();
      await choose("revoke");
      await sign(/can store and delete nothing more for this account/);
      expect(await operators()).to.deep.equal([]);
      await choose("authorize");
      await sign(/to store and delete files for this account/);
      expect(await operators()).to.deep.equal([gateway]);
    } finally {
      await session.close();
    }
    await page.context().close();
  });

  it("shows operators the gateway live, and does for them what the command line does", async () => {
    const page = await on.signedIn();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("Objects on their way").waitFor();
    await on.gateway.setFault(3, "down");
    await page.getByRole("link", { name: "Nodes" }).click();
    await page.getByText("14 registered").waitFor();
    // Three files, one of two segments and two of one, on twelve nodes each, which hold what was counted for them.
    await page.getByRole("button", { name: "Fragments of ours" }).click();
    const counts = await page.locator("tbody td:nth-child(6)").allInnerTexts();
    expect(counts.reduce((sum, each) => sum + Number(each), 0)).to.equal(12 * 4);
    // A sample is taken each minute: the page is given more than there are by now.
    const nodes = page.getByRole("button", { name: /^http.*: / });
    await nodes.first().click();
    await page.getByText("one sample is taken each minute").waitFor();
    const sample = (minute: number, quality: number, failures: number) => ({
      time: new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString(),
      ...{ quality, putMs: 12, failures },
    });
    await page.route(/\/nodes\/c\w+\/history$/, (route) =>
      route.fulfill({ json: [sample(0, 1, 0), sample(1, 1, 0), sample(2, 0.5, 3)] }),
    );
    await nodes.last().click();
    await page.getByRole("img", { name: "Quality. Quality: 50 %" }).waitFor();
    await page.getByRole("img", { name: "Latency. Sending: 12 ms; Fetching: \u2013" }).waitFor();
    await page.getByRole("img", { name: "Failures. since the sample before: 3" }).waitFor();
    await page.getByRole("link", { name: "Accounts" }).click();
    const card = page.getByRole("region", { name: "cessalt" });
    await card.getByRole("button", { name: "New access key" }).click();
    await page.getByLabel("Permission").selectOption("read");
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByText("shown this once").waitFor();
    const id = await page.getByLabel("Access key ID").inputValue();
    await page.getByRole("button", { name: "Done" }).click();
    await card.getByText(id).waitFor();
    await card.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await card.getByText(id).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Jobs" }).click();
    await page
      .getByText(/Nothing is to be done|About/)
      .first()
      .waitFor();
    await page.getByRole("link", { name: "Packs" }).click();
    await page.getByText("Merging since the start").waitFor();
    await page.getByRole("cell", { name: "cessdev" }).waitFor();
    await on.gateway.setFault(3, "none");
    await page.context().close();
  });
});
