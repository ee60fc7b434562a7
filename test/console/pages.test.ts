import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { AxeResults } from "axe-core";
import { expect } from "chai";
import type { Page } from "playwright-core";
import type { ConsoleBrowser } from "../support/console-browser.js";
import { landscape } from "../support/landscape.js";
import { eventually } from "../support/eventually.js";
import { objectState } from "../support/object-state.js";
import { sharedConsole } from "../support/shared-console.js";

const MIB = 2 ** 20;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where a screenshot of each page in each look goes. In the documents' folder are only those that documents show. */
const FOLDER = process.env.CONSOLE_SCREENSHOTS;
const OF_DOCUMENTS = FOLDER !== undefined && resolve(FOLDER) === resolve("docs/console");

/** What the README and docs/console.md show. */
const SHOWN = new Set([
  ...["sign-in-light", "drop-light", "objects-light", "share-light", "way-dark", "overview-dark"],
  ...["buckets-light", "preview-light", "policy-light", "cors-light", "way-phone", "durability-light"],
  ...["nodes-dark", "accounts-light", "space-light"],
]);

const LOOKS = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 800 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
  ["phone", { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
] as const;

const way = (key: string, tab: string) => `buckets/photos/object?key=${encodeURIComponent(key)}&tab=${tab}`;

/** Each page, and a text that is there when it is drawn. */
const PAGES: readonly (readonly [string, string, string])[] = [
  ["buckets", "buckets", "photos"],
  ["objects", "buckets/photos?prefix=holiday%2F", "beach.png"],
  ["preview", way("holiday/beach.png", "preview"), "image/png"],
  ["way", way("holiday/film.mp4", "way"), "fragments are there"],
  ["details", way("holiday/film.mp4", "details"), "Properties"],
  ["versions", way("holiday/notes.md", "versions"), "newest"],
  ["settings", "buckets/photos/settings", "Encryption"],
  ["policy", "buckets/photos/settings?tab=policy", "Everyone may read"],
  ["lifecycle", "buckets/photos/settings?tab=lifecycle", "Add a rule"],
  ["durability", "buckets/photos/durability", "Stored objects by fragments left"],
  ["uploads", "transfers", "Nothing is being uploaded"],
  ["space", "space", "left, until"],
  ["overview", "overview", "Objects on their way"],
  ["nodes", "nodes", "14 registered"],
  ["jobs", "jobs", "Only those that fail"],
  ["packs", "packs", "Merging since the start"],
  ["accounts", "accounts", "cessalt"],
];

/** What is drawn there after that. */
const LATER: Readonly<Partial<Record<string, string | RegExp>>> = {
  buckets: "backups",
  objects: "Stored",
  way: /^after \d+/,
  space: "renew the territory",
  nodes: /one sample is taken each minute|since the sample before/,
  overview: /axis to|No requests in the last hour/,
};

/** What axe finds to be serious or critical. */
async function serious(page: Page, look: string): Promise<string[]> {
  await page.evaluate(axe);
  // In the dark only the colours are others.
  const only = look === "dark" ? ', runOnly: ["color-contrast"]' : "";
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { resultTypes: ["violations"], rules: { "color-contrast": { enabled: true } }${only} })`,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`));
}

/** Something to see on the overview, until `stopped`. */
async function traffic(on: ConsoleBrowser, stopped: AbortSignal): Promise<void> {
  const client = on.gateway.client();
  const put = (Key: string, bytes: number) =>
    client.send(new PutObjectCommand({ Bucket: "backups", Key, Body: randomBytes(bytes) }));
  const work = async () => {
    await put("archive.tar", 20 * MIB);
    for (let n = 0; !stopped.aborted; n++) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      await put(`daily/${n % 60}`, 20_000 * (1 + (n % 9)));
      await client.send(new GetObjectCommand({ Bucket: "photos", Key: "holiday/beach.png" })).then(async ({ Body }) => {
        await Body?.transformToByteArray();
      });
    }
  };
  // The gateway may end meanwhile.
  await work().catch(() => undefined);
}

describe("Each page of the console", function () {
  this.timeout(300_000);
  let on: ConsoleBrowser;
  const shot = async (page: Page, name: string) => {
    if (FOLDER !== undefined && (!OF_DOCUMENTS || SHOWN.has(name)))
      await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: "disabled" });
  };

  before(async () => {
    if (FOLDER !== undefined) mkdirSync(FOLDER, { recursive: true });
    ({ on } = await sharedConsole());
    const client = on.gateway.client();
    for (const Bucket of ["photos", "backups", "website"]) await client.send(new CreateBucketCommand({ Bucket }));
    const versioning = { Bucket: "photos", VersioningConfiguration: { Status: "Enabled" } } as const;
    await client.send(new PutBucketVersioningCommand(versioning));
    const put = (Key: string, Body: string | Buffer, ContentType?: string) =>
      client.send(new PutObjectCommand({ Bucket: "photos", Key, Body, ContentType }));
    await put("holiday/beach.png", landscape(1200, 700), "image/png");
    await put("holiday/film.mp4", randomBytes((FOLDER === undefined ? 40 : 100) * MIB), "video/mp4");
    await put("holiday/notes.md", "# Holiday\n\n- the boat\n- the cat\n", "text/markdown");
    await put("holiday/notes.md", "# Holiday\n\n- the boat\n- the cat\n- the sun hat\n", "text/markdown");
    for (const name of ["sea/anemone.jpg", "sea/crab.jpg", "hills/path.gpx", "packing list.txt", "tickets.pdf"])
      await put(`holiday/${name}`, randomBytes(90_000));
    for (const key of ["holiday/film.mp4", "holiday/tickets.pdf"])
      await eventually(
        `${key} is stored`,
        async () => (await objectState(client, "photos", key)).state === "stored",
        240_000,
      );
  });
  afterEach(() => expect(on.faults).to.deep.equal([]));

  for (const [look, options] of LOOKS) {
    it(`has nothing that keeps people from using it, in ${look}`, async () => {
      const door = await on.page(options);
      await door.goto(on.url);
      await door.getByLabel("Access key ID").waitFor();
      expect(await serious(door, look)).to.deep.equal([]);
      await shot(door, `sign-in-${look}`);
      await door.context().close();
      const page = await on.signedIn(options);
      for (const [name, hash, text] of PAGES) {
        const watched = new AbortController();
        if (name === "overview") void traffic(on, watched.signal);
        await page.goto(`${on.url}#/${hash}`);
        await page.getByText(text).first().waitFor();
        if (name === "space") await page.getByRole("button", { name: "Show the price" }).click();
        if (name === "nodes")
          await page
            .getByRole("button", { name: /^http.*: / })
            .first()
            .click();
        const later = LATER[name];
        if (later !== undefined) await page.getByText(later).first().waitFor({ state: "attached" });
        // A picture of lines needs some samples.
        if (FOLDER !== undefined && name === "overview") await page.waitForTimeout(16_000);
        expect(await serious(page, look), name).to.deep.equal([]);
        const [content, view] = await page.evaluate<[number, number]>(
          "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
        );
        expect(content, `${name} is wider than the screen`).to.be.at.most(view);
        for (const tab of await page.getByRole("tab", { selected: true }).all()) {
          const { x = 0, width = 0 } = (await tab.boundingBox()) ?? {};
          expect(x + width, `${name}: the end of its tab`).to.be.at.most(view);
        }
        await shot(page, `${name}-${look}`);
        watched.abort();
      }
      await page.goto(`${on.url}#/${way("holiday/beach.png", "preview")}`);
      await page.getByRole("button", { name: "Share" }).click();
      await page.getByRole("img", { name: "The link as a QR code" }).waitFor();
      expect(await serious(page, look), "share").to.deep.equal([]);
      await shot(page, `share-${look}`);
      await page.goto(`${on.url}#/buckets/website`);
      await page.getByText("Nothing here yet").waitFor();
      await page.evaluate(`{
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["dropped"], "note.txt"));
        document.querySelector(".drop").dispatchEvent(new DragEvent("dragenter", { dataTransfer, bubbles: true }));
      }`);
      await page.locator(".drop.over").waitFor();
      await shot(page, `drop-${look}`);
      for (const tab of ["cors", "notification"]) {
        await page.goto(`${on.url}#/buckets/photos/settings?tab=${tab}`);
        await page.getByRole("button", { name: "Add a rule" }).click();
        await page.getByRole("button", { name: "Save" }).click();
        await page.locator(".fault").waitFor();
        expect(await serious(page, look), tab).to.deep.equal([]);
        if (tab === "cors") await page.getByLabel("Web sites").fill("https://www.example.com https://*.example.org");
        await shot(page, `${tab}-${look}`);
      }
      await page.context().close();
    });
  }

  it("can be used by keyboard alone: sign in, open a bucket, an object, its way", async () => {
    const page = await on.page();
    await page.goto(on.url);
    await page.getByLabel("Access key ID").waitFor();
    await page.keyboard.type("cessdev");
    await page.keyboard.press("Tab");
    await page.keyboard.type("cessdevsecret");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Buckets" }).waitFor();
    const focus = async (name: string) => {
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate<string>(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText",
        );
        if (at.trim() === name) return;
      }
      throw new Error(`${name} cannot be reached by Tab`);
    };
    await focus("photos");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "holiday/" }).waitFor();
    await focus("holiday/");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "film.mp4" }).waitFor();
    await focus("film.mp4");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Preview" }).waitFor();
    await focus("Preview");
    await page.keyboard.press("ArrowRight");
    await page.getByText(/fragments are there/).waitFor();
    await page.context().close();
  });

  it("follows the system's colours until it is told otherwise, and remembers that", async () => {
    const page = await on.signedIn({ colorScheme: "dark" });
    const theme = () => page.evaluate<string>("document.documentElement.dataset.theme");
    expect(await theme()).to.equal("dark");
    await page.getByRole("button", { name: "Light colours" }).click();
    expect(await theme()).to.equal("light");
    await page.reload();
    await page.getByLabel("Access key ID").waitFor();
    expect(await theme()).to.equal("light");
    await page.context().close();
  });

  it("is useful within a second", async () => {
    const page = await on.page();
    await page.goto(on.url);
    await page.getByLabel("Access key ID").waitFor();
    const { ready, bytes } = await page.evaluate<{ ready: number; bytes: number }>(`({
      ready: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
      bytes: performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize ?? 0), 0),
    })`);
    expect(bytes).to.be.below(200_000);
    // Three times as long as is wanted: the machine has other things to do.
    expect(ready).to.be.below(3_000);
    await page.context().close();
  });
});
