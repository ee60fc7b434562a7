import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutBucketCorsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect } from "chai";
import { bytesOf, s3, useBucket } from "../support/target.js";
import { installed, needs } from "./shell.js";

const browser = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"].find((command) =>
  installed(command),
);
const PAGE_TIMEOUT_MS = 60_000;

/** A page of another origin that runs a script and sends home what it returned. */
class Page {
  private readonly server: Server;
  private script = "";
  private result: (result: unknown) => void = () => undefined;
  private chromium: ChildProcess | undefined;

  constructor(private readonly folder: string) {
    this.server = createServer((request, response) => {
      if (request.method === "POST") {
        let body = "";
        request
          .setEncoding("utf8")
          .on("data", (chunk: string) => (body += chunk))
          .on("end", () => {
            this.result(JSON.parse(body));
            response.end();
          });
      } else {
        response.setHeader("content-type", "text/html; charset=utf-8")
          .end(`<!doctype html><title>page</title><script type="module">
          const work = async () => { ${this.script} };
          const outcome = await work().then((value) => ({ value }), (error) => ({ error: String(error) }));
          await fetch("/", { method: "POST", body: JSON.stringify(outcome) });
        </script>`);
      }
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async run(origin: string, script: string): Promise<unknown> {
    this.script = script;
    const result = new Promise((resolve) => (this.result = resolve));
    // Without the sandbox it runs as root too, as in a container.
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--remote-debugging-port=0",
      `--user-data-dir=${join(this.folder, "profile")}`,
    ];
    this.chromium = spawn(browser ?? "", [...flags, origin], { stdio: "ignore", detached: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>(
      (_, reject) => (timer = setTimeout(() => reject(new Error("the page did not answer")), PAGE_TIMEOUT_MS)),
    );
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
      const ended = new Promise((resolve) => this.chromium?.once("exit", resolve));
      // Distributions start it by a script, which would end alone.
      if (this.chromium.pid !== undefined) process.kill(-this.chromium.pid, "SIGKILL");
      await ended;
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe("a browser", function () {
  this.timeout(120_000);
  const bucket = useBucket();
  let folder: string;
  let page: Page | undefined;
  let origin: string;

  before(async function () {
    needs(this, "chromium", "it is in Debian as chromium-headless-shell", browser !== undefined);
    folder = mkdtempSync(join(tmpdir(), "cess-s3-browser-"));
    page = new Page(folder);
    origin = await page.listen();
    await s3.send(
      new PutBucketCorsCommand({
        Bucket: bucket.name,
        CORSConfiguration: {
          CORSRules: [
            {
              AllowedOrigins: [origin],
              AllowedMethods: ["GET", "PUT", "POST", "HEAD"],
              AllowedHeaders: ["*"],
              ExposeHeaders: ["ETag", "x-cess-state"],
            },
          ],
        },
      }),
    );
  });
  after(async () => {
    await page?.close();
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it("uploads by a presigned form and a presigned PUT, and downloads by a presigned GET, from a page of another origin", async () => {
    const Bucket = bucket.name;
    const form = await createPresignedPost(s3, {
      Bucket,
      Key: "form/${filename}",
      Conditions: [
        ["content-length-range", 1, 1_000_000],
        ["starts-with", "$Content-Type", "text/"],
      ],
      Fields: { success_action_status: "201" },
    });
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "put" }));
    const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "download" }));
    const body = randomBytes(300_000);
    await s3.send(new PutObjectCommand({ Bucket, Key: "download", Body: body, ContentType: "image/png" }));

    const outcome = await page?.run(
      origin,
      `
      const form = new FormData();
      for (const [name, value] of Object.entries(${JSON.stringify(form.fields)})) form.append(name, value);
      form.append("Content-Type", "text/plain");
      form.append("file", new File(["from a form"], "ü.txt"));
      const posted = await fetch(${JSON.stringify(form.url)}, { method: "POST", body: form });
      const put = await fetch(${JSON.stringify(put)}, { method: "PUT", body: new Blob(["from a PUT"]) });
      const got = await fetch(${JSON.stringify(get)}, { headers: { Range: "bytes=100000-" } });
      const bytes = new Uint8Array(await got.arrayBuffer());
      return { posted: posted.status, put: put.status, etag: put.headers.get("ETag"), got: got.status, length: bytes.length, first: bytes[0] };
    `,
    );
    expect(outcome)
      .to.have.property("value")
      .that.deep.include({ posted: 201, put: 200, got: 206, length: 200_000, first: body[100_000] });
    expect((outcome as { value: { etag: string } }).value.etag).to.match(/^"[0-9a-f]{32}"$/);
    const saved = await s3.send(new GetObjectCommand({ Bucket, Key: "form/ü.txt" }));
    expect([(await bytesOf(saved.Body)).toString(), saved.ContentType]).to.deep.equal(["from a form", "text/plain"]);
    expect((await bytesOf((await s3.send(new GetObjectCommand({ Bucket, Key: "put" }))).Body)).toString()).to.equal(
      "from a PUT",
    );
  });

  it("keeps pages of other origins out", async () => {
    const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket.name, Key: "download" }));
    const stranger = origin.replace("127.0.0.1", "localhost");
    expect(await page?.run(stranger, `return (await fetch(${JSON.stringify(get)})).status;`))
      .to.have.property("error")
      .that.matches(/Failed to fetch/);
  });
});
