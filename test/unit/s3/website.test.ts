import { expect } from "chai";
import type { Gateway } from "../../../src/gateway/gateway.js";
import { serveWebsite } from "../../../src/s3/website.js";
import { Headers } from "../../../src/s3/wire/headers.js";
import { Query } from "../../../src/s3/wire/query.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";

/** A website whose every page is stored with this redirect location. */
const websiteWith = (websiteRedirectLocation: string): Gateway => {
  const version = {
    size: 4,
    etag: "e",
    createdAt: 0,
    content: { websiteRedirectLocation },
    durability: { state: "staged" },
  };
  return {
    websites: { of: () => Promise.resolve({ index: "index.html", rules: [] }) },
    objects: { get: () => Promise.resolve({ version, body: ByteStream.of(Buffer.from("page")) }) },
  } as unknown as Gateway;
};

const page = (location: string) =>
  serveWebsite(websiteWith(location), {
    head: { method: "GET", path: "/page", query: new Query(""), headers: new Headers([]) },
    bucket: "bucket",
    origin: { address: "127.0.0.1", now: 0, secure: false },
    region: "us-east-1",
    signal: new AbortController().signal,
    at: { requestId: "r", hostId: "h", resource: "/page" },
  });

describe("A website's page", () => {
  it("is somewhere else where its redirect location says so", async () => {
    const answer = await page("/elsewhere");
    expect([answer.status, answer.headers]).to.deep.equal([301, { Location: "/elsewhere" }]);
  });

  it("is shown where earlier versions stored a redirect location that no header can hold", async () => {
    const answer = await page("/x\r\nevil: 1");
    expect([answer.status, answer.headers["Location"]]).to.deep.equal([200, undefined]);
    (answer.body as ByteStream).close();
  });
});
