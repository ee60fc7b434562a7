import { expect } from "chai";
import { signIn, type ConsoleBrowser } from "../support/console-browser.js";
import { sharedConsole } from "../support/shared-console.js";

describe("Signing in to the console", () => {
  let on: ConsoleBrowser;
  before(async () => ({ on } = await sharedConsole()));
  afterEach(() => expect(on.faults).to.deep.equal([]));

  it("says what is wrong with a key, a secret and a clock", async () => {
    const page = await on.page();
    await page.goto(on.url);
    await signIn(page, ["nobody", "whatever12"]);
    await page.getByText("does not know this access key").waitFor();
    await signIn(page, ["cessdev", "wrongsecret"]);
    await page.getByText("secret does not belong to this access key").waitFor();
    await page.clock.setFixedTime(Date.now() - 3 * 3_600_000);
    await signIn(page, ["cessdev", "cessdevsecret"]);
    await page.getByText(/clock is 180 minutes behind/).waitFor();
    await page.context().close();
  });

  it("keeps the key in memory, and in the tab only where that is asked for; signing out forgets it", async () => {
    const page = await on.signedIn();
    expect(
      await page.evaluate<string>("JSON.stringify([sessionStorage, localStorage, document.cookie])"),
    ).not.to.include("cessdevsecret");
    await page.reload();
    await page.getByLabel("Access key ID").waitFor();
    await signIn(page, ["cessdev", "cessdevsecret"], true);
    await page.getByRole("heading", { name: "Buckets" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Buckets" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.reload();
    await page.getByLabel("Access key ID").waitFor();
    expect(await page.evaluate<string>("JSON.stringify([sessionStorage, localStorage])")).not.to.include(
      "cessdevsecret",
    );
    await page.context().close();
  });

  it("ends when the key is revoked meanwhile, and says so", async () => {
    const made = await fetch(`${on.gateway.admin}/keys`, {
      method: "POST",
      body: JSON.stringify({ account: "cessdev" }),
    });
    const { accessKeyId, secretAccessKey } = (await made.json()) as Record<string, string>;
    const page = await on.signedIn({ key: [accessKeyId ?? "", secretAccessKey ?? ""], keep: true });
    await fetch(`${on.gateway.admin}/keys/${accessKeyId}`, { method: "DELETE" });
    await page.getByRole("button", { name: "New bucket" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("too-late");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText(/You were signed out/).waitFor();
    expect(await page.evaluate<number>("sessionStorage.length")).to.equal(0);
    await page.context().close();
  });

  it("takes an operator on the admin listener alone", async () => {
    const users = await on.page();
    await users.goto(on.usersUrl);
    await users.getByLabel("Access key ID").waitFor();
    expect(await users.getByRole("tab", { name: "Operator" }).count()).to.equal(0);
    for (const path of ["/status", "/nodes", "/events", "/keys", "/metrics", "/health/ready"])
      expect((await fetch(new URL(path, on.usersUrl))).status, path).to.equal(404);
    await users.context().close();
    const operator = await on.page();
    await operator.goto(on.url);
    await operator.getByRole("tab", { name: "Operator" }).click();
    await operator.getByRole("button", { name: "Continue as operator" }).click();
    await operator
      .getByText(/All is well|needs attention/)
      .first()
      .waitFor();
    expect(await operator.getByRole("link", { name: "Buckets" }).count()).to.equal(0);
    await operator.context().close();
  });

  it("cannot be put into a frame of another site", async () => {
    const page = await on.page();
    await page.goto("about:blank");
    await page.evaluate(`document.body.append(Object.assign(document.createElement("iframe"), { src: "${on.url}" }))`);
    await page.waitForTimeout(1000);
    const texts = await Promise.all(
      page.frames().map((frame) => frame.evaluate<string>("document.body.innerText").catch(() => "")),
    );
    expect(texts.join()).not.to.include("Sign in");
    on.faults.length = 0;
    await page.context().close();
  });
});
