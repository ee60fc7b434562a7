import {
  DeletePublicAccessBlockCommand,
  GetBucketWebsiteCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  type WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, freshName, refusal, s3, target, useBucket } from "../support/target.js";

describe("PutBucketWebsite", () => {
  const bucket = useBucket();
  const put = (configuration: WebsiteConfiguration, Bucket = bucket.name) =>
    s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: configuration }));
  const IndexDocument = { Suffix: "index.html" };

  it("keeps both kinds of configuration as they were written", async () => {
    for (const configuration of [
      { RedirectAllRequestsTo: { HostName: "www.example.com", Protocol: "https" as const } },
      { IndexDocument },
      {
        IndexDocument,
        ErrorDocument: { Key: "error.html" },
        RoutingRules: [
          { Condition: { KeyPrefixEquals: "docs/" }, Redirect: { ReplaceKeyPrefixWith: "documents/" } },
          {
            Condition: { HttpErrorCodeReturnedEquals: "404" },
            Redirect: { HostName: "example.com", HttpRedirectCode: "307", ReplaceKeyWith: "a b" },
          },
          { Redirect: { Protocol: "https" as const } },
        ],
      },
    ]) {
      await put(configuration);
      const { $metadata, ...kept } = await s3.send(new GetBucketWebsiteCommand({ Bucket: bucket.name }));
      expect($metadata.httpStatusCode).to.equal(200);
      expect(JSON.parse(JSON.stringify(kept))).to.deep.equal(configuration);
    }
  });

  it("refuses what means nothing", async () => {
    const rule = (Redirect: object, Condition?: object): WebsiteConfiguration => ({
      IndexDocument,
      RoutingRules: [{ Redirect, ...(Condition ? { Condition } : {}) }],
    });
    for (const wrong of [
      {},
      { IndexDocument: { Suffix: "a/b" } },
      { IndexDocument: { Suffix: "" } },
      { IndexDocument, RedirectAllRequestsTo: { HostName: "example.com" } },
      rule({}),
      { RedirectAllRequestsTo: { HostName: "example.com", Protocol: "ftp" as "http" } },
      { RedirectAllRequestsTo: { HostName: "example.com/path\r\n" } },
      rule({ ReplaceKeyWith: "a", ReplaceKeyPrefixWith: "b" }),
      rule({ HttpRedirectCode: "200" }),
      rule({ HostName: "a" }, { HttpErrorCodeReturnedEquals: "200" }),
      rule({ HostName: "a" }, {}),
      { IndexDocument, RoutingRules: Array.from({ length: 51 }, () => ({ Redirect: { HostName: "a" } })) },
    ])
      expect((await refusal(put(wrong))).status, JSON.stringify(wrong)).to.equal(400);
    expect(
      await send({
        method: "PUT",
        path: `/${bucket.name}?website`,
        body: "<WebsiteConfiguration><IndexDocument/></WebsiteConfiguration>",
      }),
    ).to.include({ status: 400, code: "MalformedXML" });
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(put({ IndexDocument }, freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(
      (
        await refusal(
          altClient().send(
            new PutBucketWebsiteCommand({ Bucket: bucket.name, WebsiteConfiguration: { IndexDocument } }),
          ),
        )
      ).status,
    ).to.equal(403);
  });

  describe("makes a bucket a website that", () => {
    const { port } = new URL(target.endpoint);
    const ask = (path: string, headers: Record<string, string> = {}, method = "GET", of = bucket.name) =>
      send({
        method,
        path,
        sign: false,
        headers: { host: `${of}.${target.websiteDomain ?? ""}:${port}`, ...headers },
        tamper: (sent) => delete sent["x-amz-content-sha256"],
      });
    const host = () => `${bucket.name}.${target.websiteDomain ?? ""}:${port}`;
    const page = (Key: string, Body: string, more: object = {}) =>
      s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body, ContentType: "text/html", ...more }));

    before(async function () {
      if (target.websiteDomain === undefined) return this.skip();
      for (const [key, text] of [
        ["index.html", "home"],
        ["dir/index.html", "dir"],
        ["page.html", "page"],
        ["error.html", "lost"],
        ["ü ö.html", "umlauts"],
      ] as const)
        await page(key, text);
      await page("moved", "", { WebsiteRedirectLocation: "https://example.com/new" });
      await page("secret/page.html", "secret");
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
      await s3.send(
        new PutBucketPolicyCommand({
          Bucket: bucket.name,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Effect: "Allow",
                Principal: "*",
                Action: "s3:GetObject",
                NotResource: `arn:aws:s3:::${bucket.name}/secret/*`,
              },
              { Effect: "Allow", Principal: "*", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${bucket.name}` },
            ],
          }),
        }),
      );
    });

    it("shows pages and index pages, with conditions, ranges and HEAD", async () => {
      await put({ IndexDocument });
      for (const [path, text] of [
        ["/", "home"],
        ["/index.html", "home"],
        ["/dir/", "dir"],
        ["/page.html?x=1&acl", "page"],
        ["/%C3%BC%20%C3%B6.html", "umlauts"],
      ] as const) {
        const answer = await ask(path);
        expect([answer.status, answer.body, answer.headers["content-type"]], path).to.deep.equal([
          200,
          text,
          "text/html",
        ]);
      }
      const { headers } = await ask("/");
      expect((await ask("/", { "if-none-match": headers.etag ?? "" })).status).to.equal(304);
      const part = await ask("/page.html", { range: "bytes=1-2" });
      expect([part.status, part.body]).to.deep.equal([206, "ag"]);
      const head = await ask("/page.html", {}, "HEAD");
      expect([head.status, head.body, head.headers["content-length"]]).to.deep.equal([200, "", "4"]);
    });

    it("sends on to folders and to where an object says it is", async () => {
      const folder = await ask("/dir");
      expect([folder.status, folder.headers.location]).to.deep.equal([302, "/dir/"]);
      const moved = await ask("/moved");
      expect([moved.status, moved.headers.location]).to.deep.equal([301, "https://example.com/new"]);
    });

    it("answers errors as pages, its own where it has one", async () => {
      const lost = await ask("/<script>");
      expect([lost.status, lost.headers["content-type"]]).to.deep.equal([404, "text/html; charset=utf-8"]);
      expect(lost.body)
        .to.include("<h1>404 Not Found</h1>")
        .and.include("<li>Code: NoSuchKey</li>")
        .and.include("&lt;script&gt;")
        .and.not.include("<script>");
      expect((await ask("/secret/page.html")).status).to.equal(403);
      const post = await ask("/page.html", {}, "POST");
      expect([post.status, post.body.includes("MethodNotAllowed")]).to.deep.equal([405, true]);
      await put({ IndexDocument, ErrorDocument: { Key: "error.html" } });
      for (const [path, status] of [
        ["/absent", 404],
        ["/secret/page.html", 403],
      ] as const) {
        const answer = await ask(path, { range: "bytes=0-0" });
        expect([answer.status, answer.body], path).to.deep.equal([status, "lost"]);
      }
      await put({ IndexDocument, ErrorDocument: { Key: "absent.html" } });
      expect((await ask("/absent")).body)
        .to.include("404 Not Found")
        .and.include("Custom Error Document");
      expect((await ask("/", {}, "GET", freshName())).body).to.include("NoSuchBucket");
    });

    it("redirects by its rules, before reading and after an error", async () => {
      await put({
        IndexDocument,
        RoutingRules: [
          { Condition: { KeyPrefixEquals: "old/" }, Redirect: { ReplaceKeyPrefixWith: "new ü/" } },
          {
            Condition: { KeyPrefixEquals: "away/" },
            Redirect: { HostName: "example.com", Protocol: "https", HttpRedirectCode: "302", ReplaceKeyWith: "page" },
          },
          {
            Condition: { KeyPrefixEquals: "try/", HttpErrorCodeReturnedEquals: "404" },
            Redirect: { ReplaceKeyWith: "page.html" },
          },
        ],
      });
      const to = async (path: string) => {
        const { status, headers } = await ask(path);
        return [status, headers.location];
      };
      expect(await to("/old/a%20b")).to.deep.equal([301, `http://${host()}/new%20%C3%BC/a%20b`]);
      expect(await to("/away/x")).to.deep.equal([302, "https://example.com/page"]);
      expect(await to("/try/x")).to.deep.equal([301, `http://${host()}/page.html`]);
      expect((await to("/absent"))[0]).to.equal(404);
      await put({ RedirectAllRequestsTo: { HostName: "www.example.com" } });
      expect(await to("/a/b?c")).to.deep.equal([301, "http://www.example.com/a/b"]);
    });
  });
});
