import aws4 from "aws4";
import { expect } from "chai";
import fc from "fast-check";
import type { AccessKey } from "../../src/model/account.js";
import { S3Error } from "../../src/gateway/s3-error.js";
import { authenticate } from "../../src/s3/auth/authenticate.js";
import { isSignedParameter, signV2, stringsToSign } from "../../src/s3/auth/signature-v2.js";
import { operations } from "../../src/s3/operations/table.js";
import { unserved } from "../../src/s3/operations/unserved.js";
import type { RequestHead } from "../../src/s3/request.js";
import { Router } from "../../src/s3/router.js";
import { Headers } from "../../src/s3/wire/headers.js";
import { encodePercent } from "../../src/s3/wire/percent.js";
import { Query } from "../../src/s3/wire/query.js";
import { withQueryHeaders } from "../../src/s3/wire/query-headers.js";

const seed = Date.now();
const runs = { seed, numRuns: 2000 };
const NOW = Date.UTC(2026, 0, 1, 0, 0, 30);
const EXPIRES = String(NOW / 1000 + 60);
const accessKey = { accessKeyId: "key", secretAccessKey: "secret" } as AccessKey;
const components = {
  credentials: { lookup: () => Promise.resolve(accessKey) },
  clock: { now: () => NOW, sleep: () => Promise.reject(new Error("nobody sleeps here")) },
};

type Pair = readonly [name: string, value: string];
const router = new Router([...operations, ...unserved]);
const queryText = (pairs: readonly Pair[]) =>
  pairs.map(([name, value]) => `${encodePercent(name)}=${encodePercent(value)}`).join("&");
const headOf = (method: string, path: string, query: string, headers: readonly string[] = []): RequestHead => ({
  method,
  path,
  query: new Query(query),
  headers: new Headers(["host", "h", ...headers]),
});

/** S3Errors by their kind; anything else is a fault. */
async function outcome<T>(run: () => T | Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (failure) {
    if (failure instanceof S3Error) return failure.kind;
    throw failure;
  }
}
const verifies = async (head: RequestHead) =>
  (await outcome(async () => (await authenticate(head, components, { region: "us-east-1" })).accessKey)) === accessKey;

/** Names and values that mean something to a signature, to JavaScript's objects, or to a text without escapes. */
const names = fc.oneof(
  fc.constantFrom("acl", "versionId", "uploads", "response-content-type", "prefix", "list-type", "policy", "x"),
  fc.constantFrom(
    "x-amz-acl",
    "X-Amz-Acl",
    "x-amz-meta-a",
    "x-amz-meta-a:1\nx-amz-meta-b",
    "x-amz-meta-a\n",
    "Content-Type",
  ),
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__", "0", ""),
  fc.constantFrom(
    "X-Amz-Signature",
    "x-amz-signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
    "X-Amz-Date",
    "Expires",
  ),
  fc.string({ maxLength: 6 }),
);
const values = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "&",
        "=",
        "\n",
        "\r\n",
        ":",
        "?",
        "/",
        " ",
        ",",
        "acl",
        "versionId",
        "x-amz-acl:private",
        "v",
        "",
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""))
  .filter((value) => !value.includes("\0"));
const queries = fc.array(fc.tuple(names, values), { maxLength: 5 }).map(queryText);

/** What a string to sign of Version 2 says, read without knowing the request it was made from. */
function readBack(text: string) {
  const [method, md5, type, date, ...lines] = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("x-amz-"));
  const resource = lines.slice(end).join("\n");
  const mark = resource.indexOf("?");
  const parameters: string[] = [];
  for (const piece of mark < 0 ? [] : resource.slice(mark + 1).split("&")) {
    if (isSignedParameter(piece.split("=", 1)[0]!)) parameters.push(piece);
    else parameters.push(`${String(parameters.pop())}&${piece}`);
  }
  const pair = (line: string, separator: string) => {
    const at = line.indexOf(separator);
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
  };
  return {
    method,
    md5,
    type,
    date,
    path: mark < 0 ? resource : resource.slice(0, mark),
    headers: new Map(lines.slice(0, end).map((line) => pair(line, ":") as [string, string])),
    parameters: new Map(parameters.map((each) => pair(each, "=") as [string, string])),
  };
}

/** What the gateway makes of a request that Version 2 presigned, as far as its signature has to cover it. */
function meaning(head: RequestHead) {
  const { method, path, query, headers } = withQueryHeaders(head, 2);
  return {
    method,
    md5: headers.get("content-md5") ?? "",
    type: headers.get("content-type") ?? "",
    date: query.get("Expires") ?? "",
    path,
    headers: new Map(headers.withPrefix("x-amz-").map(([name, value]) => [`x-amz-${name}`, value])),
    parameters: new Map(
      query
        .names()
        .filter(isSignedParameter)
        .map((name) => [name, query.get(name) ?? ""]),
    ),
  };
}

const requests = fc
  .tuple(
    fc.constantFrom("GET", "PUT"),
    fc.constantFrom("/", "/b", "/b/", "/b/k", "/b/k&acl", "/b/k%3Facl", "//"),
    queries,
    fc.constantFrom(
      [],
      ["x-amz-acl", "private"],
      ["x-amz-meta-a", "1&acl", "x-amz-meta-b", ":"],
      ["content-type", "t"],
    ),
  )
  .map(([method, path, query, headers]) => ({ method, path, query, headers }));

describe(`Signatures under random input (seed ${seed})`, () => {
  it("of Version 2 are good for one request alone: what is signed can be read back from the text", () =>
    fc.assert(
      fc.asyncProperty(requests, async ({ method, path, query, headers }) => {
        const head = headOf(method, path, `${query}&Expires=${EXPIRES}`, headers);
        const claims = { place: "query", accessKeyId: "key", signature: "", date: EXPIRES, time: 0 } as const;
        const texts = await outcome(() => stringsToSign(head, claims));
        if (typeof texts === "string" || head.query.get("Expires") !== EXPIRES) return;
        expect(readBack(texts[0]!)).to.deep.equal(meaning(head));
      }),
      runs,
    ));

  it("of Version 2 are of no use for a request that means something else, whatever is added", () =>
    fc.assert(
      fc.asyncProperty(requests, names, values, fc.boolean(), async ({ method, path, headers }, name, value, first) => {
        const text = `${method}\n\n${headers[0] === "content-type" ? "t" : ""}\n${EXPIRES}\n${headers
          .flatMap((each, i) => (i % 2 === 0 && each.startsWith("x-amz-") ? [`${each}:${headers[i + 1]!}\n`] : []))
          .join("")}${path}`;
        const own: Pair[] = [
          ["AWSAccessKeyId", "key"],
          ["Expires", EXPIRES],
          ["Signature", signV2(text, "secret")],
        ];
        const right = headOf(method, path, queryText(own), headers);
        expect(await verifies(right)).to.equal(true);
        const added: Pair = [name, value];
        const changed = headOf(method, path, queryText(first ? [added, ...own] : [...own, added]), headers);
        if (!(await verifies(changed))) return;
        expect(meaning(changed)).to.deep.equal(meaning(right));
        for (const scope of ["service", "bucket", "object"] as const) {
          // Which of the two listings answers may be chosen with any URL of Version 2.
          if (name !== "list-type") expect(router.match(changed, scope)).to.equal(router.match(right, scope));
        }
      }),
      runs,
    ));

  const presigned = (query: string, headers: Record<string, string> = {}) =>
    aws4
      .sign(
        {
          service: "s3",
          region: "us-east-1",
          method: "GET",
          path: `/b/k?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60${query === "" ? "" : `&${query}`}`,
          headers: { host: "h", ...headers },
          signQuery: true,
        },
        { accessKeyId: "key", secretAccessKey: "secret" },
      )
      .path!.slice("/b/k?".length);

  it("of Version 4 are of no use with any parameter added to a presigned URL", () =>
    fc.assert(
      fc.asyncProperty(names, values, fc.boolean(), async (name, value, first) => {
        const url = presigned("prefix=p");
        expect(await verifies(headOf("GET", "/b/k", url))).to.equal(true);
        const added = queryText([[name, value]]);
        expect(await verifies(headOf("GET", "/b/k", first ? `${added}&${url}` : `${url}&${added}`))).to.equal(false);
      }),
      runs,
    ));

  it("of Version 4 are of no use with any x-amz-* header added, or another value of a signed one", () =>
    fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[a-z_-]{1,12}$/), fc.stringMatching(/^[!-~]{0,5}$/), async (name, value) => {
        const url = presigned("prefix=p", { "x-amz-meta-a": "1" });
        const head = (...headers: string[]) => headOf("GET", "/b/k", url, ["x-amz-meta-a", "1", ...headers]);
        expect(await verifies(head())).to.equal(true);
        // The digest of the body may be a header of its own; it stands in what is signed all the same.
        expect(await verifies(head(`x-amz-${name}`, value))).to.equal(false);
        expect(await verifies(head("x-amz-meta-a", value))).to.equal(false);
        expect(await verifies(head("x-amz-content-sha256", value))).to.equal(false);
      }),
      runs,
    ));

  it("of Version 4 are verified as another signer makes them, for any parameters", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.tuple(fc.constantFrom("constructor", "toString", "a b", "é", "acl", "A", "0", "~'()*!"), values),
          {
            maxLength: 4,
            selector: ([name]) => name,
          },
        ),
        async (some) => {
          expect(await verifies(headOf("GET", "/b/k", presigned(queryText(some))))).to.equal(true);
        },
      ),
      runs,
    ));
});
