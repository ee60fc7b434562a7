import { expect } from "chai";
import fc from "fast-check";
import { S3Error, toS3Error } from "../../src/gateway/s3-error.js";
import { parseFormPolicy, requireFormPolicy } from "../../src/s3/auth/form-policy.js";
import { signatureMechanism } from "../../src/s3/auth/mechanism.js";
import { parseClaims } from "../../src/s3/auth/signature-claims.js";
import { parseClaimsV2, signV2, stringsToSign } from "../../src/s3/auth/signature-v2.js";
import { errorStatus } from "../../src/s3/error-response.js";
import { AwsChunked } from "../../src/s3/wire/aws-chunked.js";
import { rangeConditions } from "../../src/s3/wire/conditions.js";
import { parseCopySource } from "../../src/s3/wire/copy-source.js";
import { deleteDocument } from "../../src/s3/wire/documents.js";
import { parseEtags } from "../../src/s3/wire/etag.js";
import { Headers } from "../../src/s3/wire/headers.js";
import { readForm } from "../../src/s3/wire/multipart-form.js";
import { encodePercent } from "../../src/s3/wire/percent.js";
import { Query } from "../../src/s3/wire/query.js";
import { parseRange } from "../../src/s3/wire/range-header.js";
import { readXml } from "../../src/s3/wire/xml-reader.js";
import { writeElement } from "../../src/s3/wire/xml-writer.js";

/** Whatever a client sends, a parser answers or refuses with a client's error: never a crash, never a 500. */
async function survives(parse: () => unknown): Promise<void> {
  try {
    await parse();
  } catch (failure) {
    const refusal = toS3Error(failure);
    if (!refusal) throw failure;
    expect(errorStatus(refusal.kind)).to.be.within(300, 499);
  }
}

const seed = Date.now();
const runs = { seed, numRuns: 400 };
const pieces = (...texts: string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 8 })), { maxLength: 14 })
    .map((parts) => parts.join(""));

describe(`S3 parsers under random input (seed ${seed})`, () => {
  it("survives any Authorization header and any presigned query", () =>
    fc.assert(
      fc.asyncProperty(
        pieces(
          "AWS4-HMAC-SHA256 ",
          "Credential=",
          "AK/20260101/us-east-1/s3/aws4_request",
          ", ",
          "SignedHeaders=host",
          "Signature=",
          "a".repeat(64),
          "/",
          "AWS ",
        ),
        pieces(
          "X-Amz-Algorithm=AWS4-HMAC-SHA256",
          "&X-Amz-Credential=",
          "&X-Amz-Date=20260101T000000Z",
          "&X-Amz-Expires=",
          "&X-Amz-Signature=",
          "%",
          "=",
        ),
        fc.boolean(),
        (authorization, query, header) =>
          survives(() => {
            const head = {
              method: "GET",
              path: "/",
              query: new Query(header ? "" : query),
              headers: new Headers(header ? ["Authorization", authorization] : []),
            };
            const mechanism = signatureMechanism(head);
            if (mechanism) parseClaims(head, mechanism.place, "s3");
          }),
      ),
      runs,
    ));

  it("survives any claim of Signature V2", () =>
    fc.assert(
      fc.asyncProperty(
        pieces("AWS ", "key", ":", "c2lnbmF0dXJl", " "),
        pieces(
          "AWSAccessKeyId=key",
          "&Signature=",
          "&Expires=",
          "1893456000",
          "99999999999999",
          "&acl",
          "&x-amz-meta-a=",
          "%0a",
          "&",
        ),
        pieces("Sun, 22 Nov 2026 09:00:00 GMT", "2026"),
        fc.boolean(),
        (authorization, query, date, header) =>
          survives(() => {
            const head = {
              method: "GET",
              path: "/",
              query: new Query(header ? "" : query),
              headers: new Headers(header ? ["Authorization", authorization, "Date", date] : []),
            };
            const mechanism = signatureMechanism(head);
            if (!mechanism) return;
            for (const text of stringsToSign(head, parseClaimsV2(head, mechanism.place), "bucket"))
              expect(signV2(text, "secret")).to.have.length(28);
          }),
      ),
      runs,
    ));

  it("finds an ETag in any list that holds it, and none that is not written there", () =>
    fc.assert(
      fc.asyncProperty(
        pieces('"a"', "W/", "*", ",", " ", '"', '""', "b", '"*"', "Sun, 06 Nov 1994 08:49:37 GMT"),
        fc.constantFrom("strong", "weak"),
        (header, comparison) =>
          survives(() => {
            const condition = parseEtags(header, comparison);
            if (condition === "*") expect(header.trim()).to.equal("*");
            else for (const etag of condition) expect(header).to.contain(etag);
            const listed = parseEtags(`"x", ${header.replaceAll('"', "")}, W/"y", "z,"`, comparison);
            expect(listed).to.include.members(comparison === "weak" ? ["x", "y", "z,"] : ["x", "z,"]);
            const fields = new Headers(["If-Match", header, "If-Range", header, "If-Modified-Since", header]);
            const { ifMatch, ifRange } = rangeConditions(fields);
            expect([ifMatch, ifRange]).not.to.include(undefined);
          }),
      ),
      runs,
    ));

  it("survives any chunked body, however it is cut", () =>
    fc.assert(
      fc.asyncProperty(
        pieces(
          "5\r\nhello\r\n",
          "0\r\n",
          "\r\n",
          "a;chunk-signature=",
          "f".repeat(64),
          "ffffffffffff\r\n",
          "x-amz-checksum-crc32:AAAA\r\n",
          "\n",
        ),
        fc.integer({ min: 1, max: 9 }),
        (text, step) =>
          survives(async () => {
            async function* source() {
              for (let i = 0; i < text.length; i += step)
                yield await Promise.resolve(Buffer.from(text.slice(i, i + step)));
            }
            for await (const bytes of new AwsChunked(source(), { trailer: text.length % 2 === 0 }))
              expect(bytes.length).to.be.above(0);
          }),
      ),
      runs,
    ));

  const cut = (body: Buffer, step: number) =>
    (async function* () {
      for (let i = 0; i < body.length; i += step) yield await Promise.resolve(body.subarray(i, i + step));
    })();
  const whole = async (stream: AsyncIterable<Uint8Array>) => {
    const bytes: Uint8Array[] = [];
    for await (const piece of stream) bytes.push(piece);
    return Buffer.concat(bytes);
  };

  it("survives any form, however it is cut", () =>
    fc.assert(
      fc.asyncProperty(
        pieces(
          "--b",
          "\r\n",
          "\r\n--b\r\n",
          "--b--",
          "\r\n\r\n",
          'Content-Disposition: form-data; name="key"',
          'Content-Disposition: form-data; name="file"; filename="',
          '"',
          "\\",
          ";",
          "%22",
        ),
        fc.constantFrom("multipart/form-data; boundary=b", 'multipart/form-data; boundary="b"'),
        fc.integer({ min: 1, max: 9 }),
        (text, type, step) => survives(async () => whole((await readForm(type, cut(Buffer.from(text), step))).file)),
      ),
      runs,
    ));

  it("gives back any file and fields of a form, and never a file that was cut off", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        pieces("\r\n--b", "\r\n", "--", "b", "\r"),
        fc.string({ unit: "grapheme", maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        async (bytes, text, value, step, end) => {
          const content = Buffer.concat([bytes, Buffer.from(text)]);
          if (
            content.includes("\r\n--b") ||
            `${value}\r\n`.includes("\r\n--b") ||
            content.subarray(0, 3).equals(Buffer.from("--b"))
          )
            return;
          const form = Buffer.concat([
            Buffer.from(
              `--b\r\nContent-Disposition: form-data; name="Key"\r\n\r\n${value}\r\n--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n`,
            ),
            content,
            Buffer.from("\r\n--b--"),
          ]);
          const { fields, fileName, file } = await readForm("multipart/form-data; boundary=b", cut(form, step));
          expect([[...fields], fileName, await whole(file)]).to.deep.equal([[["key", value]], "f", content]);
          const short = form.subarray(0, end % form.length);
          const failure = await readForm("multipart/form-data; boundary=b", cut(short, step))
            .then(({ file: rest }) => whole(rest))
            .then(
              () => undefined,
              (error: unknown) => error,
            );
          expect(failure).to.be.instanceOf(S3Error);
        },
      ),
      runs,
    ));

  it("survives any form policy", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          pieces(
            "{",
            "}",
            "[",
            "]",
            '"expiration":"2999-01-01T00:00:00Z"',
            ",",
            '"conditions":',
            '{"key":"a"}',
            '["eq","$key","a"]',
            '["content-length-range",0,1]',
            "\\$",
            "1e999",
          ),
          fc.json(),
        ),
        (text) =>
          survives(() =>
            requireFormPolicy(parseFormPolicy(Buffer.from(text).toString("base64")), new Map([["key", "a"]]), "b", 0),
          ),
      ),
      runs,
    ));

  it("survives any document and reads back every key it writes", async () => {
    await fc.assert(
      fc.asyncProperty(
        pieces(
          "<Delete>",
          "</Delete>",
          "<Object>",
          "</Object>",
          "<Key>",
          "</Key>",
          "<![CDATA[",
          "]]>",
          "&#x0;",
          "&amp;",
          "<!DOCTYPE x>",
          "<?x?>",
          "<__proto__>",
        ),
        (text) => survives(() => readXml(text, deleteDocument)),
      ),
      runs,
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1 }), (keys) => {
        const safe = keys.filter((key) => !key.includes("\0"));
        if (safe.length === 0) return;
        const { Objects } = readXml(
          writeElement(deleteDocument, { Objects: safe.map((Key) => ({ Key })) }),
          deleteDocument,
        );
        expect(Objects?.map(({ Key }) => Key)).to.deep.equal(safe);
      }),
      runs,
    );
  });

  it("survives any range and copy source, and reads back every copy source that is well encoded", async () => {
    fc.assert(
      fc.property(pieces("bytes=", "-", "0", "99999999999999999999", ",", " "), (text) => void parseRange(text)),
      runs,
    );
    await fc.assert(
      fc.asyncProperty(pieces("/", "bucket", "%2F", "%", "?versionId=", "%ff", "\0"), (text) =>
        survives(() => parseCopySource(text)),
      ),
      runs,
    );
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), (key) => {
        if (!key.includes("\0"))
          expect(parseCopySource(`/bucket/${encodePercent(key)}?versionId=null`)).to.deep.equal({
            bucket: "bucket",
            key,
            versionId: "null",
          });
      }),
      runs,
    );
  });
});
