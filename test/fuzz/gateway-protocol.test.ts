import { Readable } from "node:stream";
import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import fc from "fast-check";
import {
  servedTypeOf,
  disposition,
  extensionOf,
  fileName,
  readExclusiveRange,
  readFid,
  readRange,
} from "../../src/peers/file-request.js";
import { readEnvelope } from "../../src/peers/envelope.js";
import { kindByMetadata, kindByStatus } from "../../src/peers/peer-kind.js";
import { Refusal } from "../../src/peers/refusal.js";
import { chunkRange } from "../../src/sdk/batch-uploads.js";
import { headerAccount, tokenAccount } from "../../src/sdk/signed-message.js";
import { readForm, withUploadForm } from "../../src/sdk/upload-form.js";

const seed = Date.now();
const runs = { seed, numRuns: 400 };
const pieces = (...texts: string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 8, unit: "binary" })), { maxLength: 14 })
    .map((parts) => parts.join(""));

/** Whatever a stranger sends, a parser answers or refuses with a client's error. */
function survives<T>(parse: () => T, check: (parsed: T) => void = () => undefined): void {
  let parsed: T;
  try {
    parsed = parse();
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    expect(failure.code).to.be.within(400, 499);
    return;
  }
  check(parsed);
}

const request = (type: string, body: string) =>
  Object.assign(Readable.from([Buffer.from(body)]), {
    headers: { "content-type": type },
  }) as unknown as IncomingMessage;

describe(`Parsers of the gateway protocol under random input (seed ${seed})`, () => {
  it("read no range outside the file", () => {
    const text = pieces("bytes=", "-", "0", "5", "99999999999999999", "items=", ",", " ");
    fc.assert(
      fc.property(text, fc.nat({ max: 1000 }), (range, size) => {
        for (const read of [readRange, readExclusiveRange])
          survives(
            () => read({ range }, size),
            (found) => {
              if (!found) return;
              expect(found.start).to.be.within(0, found.end - 1);
              expect(found.end).to.be.at.most(size);
            },
          );
        survives(
          () => chunkRange(range, size),
          ({ start, end }) => {
            expect(start).to.be.below(end);
            expect(end).to.be.at.most(size);
          },
        );
      }),
      runs,
    );
  });

  it("make headers of any name that HTTP takes, and a type of any extension", () => {
    const name = pieces("a", ".html", ".", "/", "\\", '"', "\r\n", "é", "\ud800", "..", "%", "constructor");
    fc.assert(
      fc.property(name, (text) => {
        const value = disposition("attachment", fileName(text));
        expect(value).to.match(/^attachment; filename="[\x20-\x7e]*"(?:; filename\*=UTF-8''[\x21-\x7e]*)?$/);
        expect(servedTypeOf(extensionOf(text))).to.match(/^[a-z]+\/[a-z.+-]+$/);
        survives(() => readFid(text));
      }),
      runs,
    );
  });

  it("take other gateways' answers for what they are, or for nothing", () => {
    const json = fc.oneof(fc.json(), pieces('{"code":', "200", ',"data":', "{", "}", '"is_gateway":true', "null"));
    fc.assert(
      fc.property(json, fc.nat({ max: 599 }), (text, status) => {
        const envelope = readEnvelope(text);
        for (const kind of [kindByStatus, kindByMetadata])
          expect(kind({ status, envelope })).to.be.oneOf(["cess-s3", "deoss", "cd2n", undefined]);
      }),
      runs,
    );
  });

  it("believe no signature that is none", () => {
    const text = pieces("cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y", "0x", "00", "1", "1700000000", "-");
    fc.assert(
      fc.property(text, text, text, (account, message, sign) => {
        const now = 1_700_000_000_000;
        survives(
          () => tokenAccount({ account, message, sign }, now),
          () => expect.fail("believed"),
        );
        survives(
          () => headerAccount({ account, message, signature: sign }, now),
          () => expect.fail("believed"),
        );
      }),
      runs,
    );
  });

  it("read forms, or refuse them, and never hang", async () => {
    const form = pieces(
      "--b",
      "\r\n",
      "\r\n\r\n",
      'Content-Disposition: form-data; name="file"; filename="a.txt"',
      'Content-Disposition: form-data; name="territory"',
      "home",
      "--",
    );
    await fc.assert(
      fc.asyncProperty(form, async (body) => {
        const refused = (error: unknown) => {
          if (!(error instanceof Refusal)) throw error;
        };
        const type = "multipart/form-data; boundary=b";
        await readForm(request(type, body)).catch(refused);
        await withUploadForm(request(type, body), async ({ file }) => {
          for await (const chunk of file) expect(chunk.length).to.be.at.most(body.length * 4);
        }).catch(refused);
      }),
      runs,
    );
  });
});
