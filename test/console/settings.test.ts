import { createServer, type Server } from "node:http";
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketTaggingCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Locator, Page } from "playwright-core";
import type { ConsoleBrowser } from "../support/console-browser.js";
import { eventually } from "../support/eventually.js";
import { sharedConsole } from "../support/shared-console.js";

describe("A bucket's settings in the console", () => {
  let on: ConsoleBrowser;
  let receiver: Server;
  /** What the webhook was told. */
  const told: string[] = [];

  before(async () => {
    receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        told.push(body);
        response.end();
      });
    });
    const shared = await sharedConsole();
    on = shared.on;
    await new Promise<void>((resolve) => receiver.listen(shared.webhookPort, "127.0.0.1", resolve));
    await on.gateway.client().send(new CreateBucketCommand({ Bucket: "box" }));
  });
  after(async () => {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });
  afterEach(() => expect(on.faults).to.deep.equal([]));

  const settings = async (tab: string): Promise<Page> => {
    const page = await on.signedIn({ url: on.usersUrl });
    await page.goto(`${on.usersUrl}#/buckets/box/settings?tab=${tab}`);
    return page;
  };
  const hasText = (editor: Locator, text: string) =>
    eventually(`the editor has ${text}`, async () => (await editor.inputValue()).includes(text));
  /** Until it is saved, and the page has read what is there now. */
  const save = async (page: Page) => {
    const answered = (...methods: string[]) =>
      page.waitForResponse((answer) => methods.includes(answer.request().method()) && answer.ok());
    const [, , read] = await Promise.all([
      answered("PUT", "DELETE"),
      page.getByRole("button", { name: "Save" }).click(),
      page.waitForResponse((answer) => answer.request().method() === "GET"),
    ]);
    await read.finished();
    await page.getByText("Saved", { exact: true }).first().waitFor();
  };

  it("checks a policy while it is written, and saves and removes it", async () => {
    const page = await settings("policy");
    await page.getByRole("button", { name: "Everyone may read" }).click();
    const editor = page.getByRole("textbox", { name: "Policy" });
    const good = await editor.inputValue();
    await editor.fill(good.replace('"Allow"', '"allow"'));
    await page.getByText('"Effect" must be').waitFor();
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).to.equal(true);
    await editor.fill(good);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    await on.gateway.client().send(new PutObjectCommand({ Bucket: "box", Key: "public.txt", Body: "for all" }));
    expect(await (await fetch(`${on.gateway.endpoint}/box/public.txt`)).text()).to.equal("for all");
    expect((await fetch(`${on.usersUrl}s3/${encodeURIComponent("/box/public.txt")}`)).status).to.equal(403);
    await page.getByRole("button", { name: "Remove the policy" }).click();
    await page.getByRole("button", { name: "Remove the policy" }).waitFor({ state: "detached" });
    await page.context().close();
  });

  it("has lifecycle rules in a form that says at the field what is wrong, and others as XML", async () => {
    const page = await settings("lifecycle");
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByLabel("Open uploads after days").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByLabel(/Delete after days.*A rule needs days/).waitFor();
    await page.getByLabel("Delete after days").fill("soon");
    await page.getByLabel(/Delete after days.*A whole number from 1 on/).waitFor();
    await page.getByLabel("Delete after days").fill("30");
    await save(page);
    const client = on.gateway.client();
    const read = async () => (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: "box" }))).Rules;
    const [rule] = (await read()) ?? [];
    expect(rule?.Expiration?.Days).to.equal(30);
    await page.getByLabel("Delete after days").fill("31");
    await save(page);
    // A rule that is changed stays the one that it was.
    await eventually("the rule is changed", async () => (await read())?.[0]?.Expiration?.Days === 31);
    expect((await read())?.[0]?.ID).to.equal(rule?.ID);
    const Filter = { Tag: { Key: "kind", Value: "draft" } };
    const tagged = { ID: "tagged", Status: "Enabled", Filter, Expiration: { Days: 3 } } as const;
    const LifecycleConfiguration = { Rules: [tagged] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: "box", LifecycleConfiguration }));
    await page.context().close();
    const again = await settings("lifecycle");
    await again.getByText("rules that the form does not show").waitFor();
    await hasText(again.getByRole("textbox", { name: "Lifecycle" }), "draft");
    await again.context().close();
  });

  it("chooses storage nodes in a form that tells what follows before it is saved, and leaves other tags", async () => {
    const client = on.gateway.client();
    const TagSet = [{ Key: "team", Value: "a" }];
    await client.send(new PutBucketTaggingCommand({ Bucket: "box", Tagging: { TagSet } }));
    const tags = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        ((await client.send(new GetBucketTaggingCommand({ Bucket: "box" }))).TagSet ?? []).map(
          ({ Key = "", Value = "" }) => [Key, Value],
        ),
      );
    const page = await settings("general");
    const form = page.getByRole("region", { name: "Storage nodes" });
    await form.getByText("Any of the 14 nodes in service").waitFor();
    await form.getByRole("checkbox", { name: /^local 14 nodes/ }).check();
    await form.getByText("Only region local: 14 nodes in service match.").waitFor();
    const accounts = (await on.gateway.nodes()).map(({ account }) => account);
    const only = form.getByRole("textbox", { name: /Only these nodes/ });
    await only.fill(accounts.slice(0, 11).join("\n"));
    await only.blur();
    await form.getByRole("alert").filter({ hasText: "at least 12 storage nodes" }).waitFor();
    expect(await form.getByRole("button", { name: "Save" }).isDisabled()).to.equal(true);
    await only.fill(accounts.slice(0, 12).join("\n"));
    await only.blur();
    await form.getByText("Only region local, of these 12 named nodes: 12 nodes in service match.").waitFor();
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).first().waitFor();
    const saved = await tags();
    expect(saved).to.include({ team: "a", "cess-regions": "local" });
    const named = Object.entries(saved).flatMap(([key, value]) => (/nodes/.test(key) ? value.split(" ") : []));
    expect(named).to.have.members(accounts.slice(0, 12));
    // The other tags in their own form, which keeps these.
    const others = page.getByRole("region", { name: "Tags" });
    await others.getByLabel("Value of tag 1").fill("b");
    expect(await others.getByLabel(/Name of tag/).count()).to.equal(1);
    await others.getByRole("button", { name: "Save" }).click();
    await eventually("the tag is changed", async () => (await tags())["team"] === "b");
    expect(await tags()).to.include({ "cess-regions": "local" });
    await only.fill("");
    await only.blur();
    await form.getByRole("checkbox", { name: /^local/ }).uncheck();
    await form.getByRole("button", { name: "Save" }).click();
    await eventually("nothing is chosen", async () => Object.keys(await tags()).join() === "team");
    await page.context().close();
  });

  it("has CORS rules in a form, refuses at the field what matches nothing, and a browser's request is let in then", async () => {
    const page = await settings("cors");
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByRole("button", { name: "Save" }).click();
    const sites = page.getByLabel("Web sites");
    await page.getByText("Name a web site").waitFor();
    expect(await sites.evaluate("document.activeElement.getAttribute('aria-invalid')")).to.equal("true");
    await sites.fill("https://*.*.example.com");
    await page.getByText("https://*.*.example.com has more than one *.").waitFor();
    await sites.fill("https://app.example.com/");
    await page.getByText("https://app.example.com/ has a path").waitFor();
    await sites.fill("https://app.example.com http://localhost:5173");
    await page.getByLabel("Request headers they may set").fill("content-type x-amz-*");
    await page.getByRole("checkbox", { name: "PUT" }).check();
    await page.getByLabel("Seconds browsers remember it").fill("-1");
    await page.getByText("A whole number from 0 on.").waitFor();
    await page.getByLabel("Seconds browsers remember it").fill("60");
    await save(page);
    const client = on.gateway.client();
    const { CORSRules } = await client.send(new GetBucketCorsCommand({ Bucket: "box" }));
    expect(CORSRules).to.deep.equal([
      {
        AllowedHeaders: ["content-type", "x-amz-*"],
        AllowedMethods: ["GET", "HEAD", "PUT"],
        AllowedOrigins: ["https://app.example.com", "http://localhost:5173"],
        ExposeHeaders: ["ETag"],
        MaxAgeSeconds: 60,
      },
    ]);
    const preflight = await fetch(`${on.gateway.endpoint}/box/a.txt`, {
      method: "OPTIONS",
      headers: { origin: "http://localhost:5173", "access-control-request-method": "PUT" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).to.equal("http://localhost:5173");
    // The same as XML, and back.
    await page.getByRole("button", { name: "Edit as XML" }).click();
    const editor = page.getByRole("textbox", { name: "CORS" });
    await hasText(editor, "localhost:5173");
    await editor.fill((await editor.inputValue()).replace("<MaxAgeSeconds>60<", "<MaxAgeSeconds>90<"));
    await save(page);
    await page.getByRole("button", { name: "Edit in the form" }).click();
    await sites.waitFor();
    expect(await page.getByLabel("Seconds browsers remember it").inputValue()).to.equal("90");
    await page.getByRole("button", { name: "Remove rule 1" }).click();
    await save(page);
    await page.getByText("There are no rules.").waitFor();
    const gone = await client.send(new GetBucketCorsCommand({ Bucket: "box" })).catch((error: unknown) => error);
    expect(gone).to.have.property("name", "NoSuchCORSConfiguration");
    await page.context().close();
  });

  it("sends events to a webhook by a form, and shows what the gateway refuses", async () => {
    const page = await settings("notification");
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByLabel("Webhook").fill("Not a name");
    await page.getByText("lower-case letters, digits and hyphens").waitFor();
    await page.getByLabel("Webhook").fill("nobody");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").filter({ hasText: "the gateway has no webhook of this name (nobody" }).waitFor();
    await page.getByLabel("Webhook").fill("watcher");
    await page.getByLabel("Names that begin with").fill("in/");
    // A group has all that is in it.
    expect(await page.getByRole("checkbox", { name: "by an upload", exact: true }).isChecked()).to.equal(true);
    await page.getByRole("checkbox", { name: "Created, in any way" }).uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Choose one at least.").waitFor();
    await page.getByRole("checkbox", { name: "by an upload", exact: true }).check();
    await page.getByRole("checkbox", { name: "Stored on the network" }).check();
    await save(page);
    const client = on.gateway.client();
    const { QueueConfigurations } = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket: "box" }));
    expect(QueueConfigurations?.map(({ QueueArn, Events }) => ({ QueueArn, Events }))).to.deep.equal([
      { QueueArn: "arn:cess:sqs::watcher:webhook", Events: ["s3:ObjectCreated:Put", "cess:ObjectStored"] },
    ]);
    await client.send(new PutObjectCommand({ Bucket: "box", Key: "in/new.txt", Body: "new" }));
    await eventually("the webhook is told", () => told.some((body) => body.includes("in/new.txt")));
    expect(told[0]).to.include("s3:TestEvent");
    await page.getByRole("button", { name: "Remove rule 1" }).click();
    await save(page);
    const after = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket: "box" }));
    expect(after.QueueConfigurations ?? []).to.deep.equal([]);
    await page.context().close();
  });
});
