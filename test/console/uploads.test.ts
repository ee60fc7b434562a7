import { createHash, randomBytes } from "node:crypto";
import { createReadStream, mkdirSync, openSync, closeSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { ConsoleBrowser } from "../support/console-browser.js";
import { sharedConsole } from "../support/shared-console.js";

const MIB = 2 ** 20;

async function digest(stream: Readable): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

describe("Uploads in the console", function () {
  this.timeout(300_000);
  let on: ConsoleBrowser;
  before(async () => {
    ({ on } = await sharedConsole());
    await on.gateway.client().send(new CreateBucketCommand({ Bucket: "inbox" }));
  });
  afterEach(() => expect(on.faults).to.deep.equal([]));

  it("takes a folder of 200 files in folders, each with its content", async () => {
    const folder = join(on.folder, "album");
    for (let n = 0; n < 200; n++) {
      const inside = join(folder, `day-${n % 7}`);
      mkdirSync(inside, { recursive: true });
      writeFileSync(join(inside, `picture ${n} ü.txt`), `picture ${n} `.repeat(n * 10));
    }
    const page = await on.signedIn({ url: on.usersUrl });
    await page.getByRole("link", { name: "inbox", exact: true }).click();
    await page.locator('[data-choose="folder"]').setInputFiles(folder);
    await page.getByRole("link", { name: "Uploads" }).click();
    await page.getByText("200 of 200 files").waitFor({ timeout: 120_000 });
    const client = on.gateway.client();
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "inbox", Prefix: "album/" }));
    expect(Contents).to.have.length(200);
    const got = await client.send(new GetObjectCommand({ Bucket: "inbox", Key: "album/day-3/picture 101 ü.txt" }));
    expect(await got.Body?.transformToString()).to.equal("picture 101 ".repeat(1010));
    await page.goto(`${on.usersUrl}#/buckets/inbox?prefix=album%2F`);
    await page.getByText("7 shown").waitFor();
    await page.context().close();
  });

  it("takes what is dropped", async () => {
    const page = await on.signedIn();
    await page.goto(`${on.url}#/buckets/inbox?prefix=dropped%2F`);
    await page.getByText("Nothing here yet").waitFor();
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["dropped text"], "note.txt", { type: "text/plain" }));
      for (const type of ["dragenter", "drop"])
        document.querySelector(".drop").dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }`);
    await page.getByRole("link", { name: "note.txt" }).click();
    await page.locator("pre", { hasText: "dropped text" }).waitFor();
    await page.context().close();
  });

  it("goes on with 300 MiB after a reload in the middle, and sends only what is missing", async () => {
    const path = join(on.folder, "film.bin");
    const file = openSync(path, "w");
    const block = randomBytes(MIB);
    for (let n = 0; n < 300; n++) {
      block.writeUInt32BE(n, 0);
      writeSync(file, block);
    }
    closeSync(file);
    const page = await on.signedIn({ keep: true });
    const parts = new Map<string, number>();
    page.on("requestfinished", (request) => {
      const [, number] = /partNumber=(\d+)/.exec(request.url()) ?? [];
      if (number !== undefined && request.method() === "PUT") parts.set(number, (parts.get(number) ?? 0) + 1);
    });
    await page.goto(`${on.url}#/buckets/inbox`);
    await page.locator('[data-choose="files"]').setInputFiles(path);
    while (parts.size < 6) await page.waitForTimeout(50);
    await page.reload();
    const before = new Map(parts);
    expect(before.size).to.be.below(19);
    await page.getByRole("link", { name: "Uploads" }).click();
    await page.getByText("Unfinished uploads").waitFor();
    await page.getByLabel("Choose the file again").setInputFiles(path);
    await page.getByText("1 of 1 files").waitFor({ timeout: 120_000 });
    await page.getByText(/MiB were there already/).waitFor();
    // Parts whose answer the reload cut off may have been sent twice, others not.
    const twice = [...parts].filter(([, count]) => count > 1);
    expect(twice).to.deep.equal([]);
    const got = await on.gateway.client().send(new GetObjectCommand({ Bucket: "inbox", Key: "film.bin" }));
    expect(await digest(got.Body as Readable)).to.equal(await digest(createReadStream(path)));
    expect(await page.getByText("Unfinished uploads").count()).to.equal(0);
    await page.context().close();
  });

  it("pauses, goes on and cancels; what is cancelled leaves nothing", async () => {
    const path = join(on.folder, "film.bin");
    const page = await on.signedIn();
    await page.goto(`${on.url}#/buckets/inbox?prefix=paused%2F`);
    await page.locator('[data-choose="files"]').setInputFiles(path);
    await page.getByRole("link", { name: "Uploads" }).click();
    await page.getByText("is sent").waitFor();
    await page.getByRole("button", { name: "Pause" }).first().click();
    await page.getByText("paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Go on" }).first().click();
    await page.getByText("is sent").waitFor();
    await page.getByRole("button", { name: "Cancel this upload" }).click();
    await page.getByText("Nothing is being uploaded").waitFor();
    await page.waitForTimeout(500);
    const listed = await on.gateway.client().send(new ListObjectsV2Command({ Bucket: "inbox", Prefix: "paused/" }));
    expect(listed.KeyCount).to.equal(0);
    expect(await on.gateway.sum("cess_s3_open_upload_bytes")).to.equal(0);
    await page.context().close();
  });
});
