import { expect } from "chai";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { AwsChunked, type ChunkedSettings } from "../../../../src/s3/wire/aws-chunked.js";

const SIGNATURE = "f".repeat(64);
const signed = { signatures: { chunk: () => SIGNATURE, trailer: () => SIGNATURE }, trailer: false };
const unsigned = { trailer: true };
const chunk = (size: number, signature = `;chunk-signature=${SIGNATURE}`) =>
  `${size.toString(16)}${signature}\r\n${"x".repeat(size)}\r\n`;
const end = `0;chunk-signature=${SIGNATURE}\r\n\r\n`;

async function read(body: string, settings: ChunkedSettings): Promise<number | S3Error> {
  let bytes = 0;
  try {
    for await (const piece of new AwsChunked(pieces(body), settings)) bytes += piece.length;
    return bytes;
  } catch (failure) {
    if (failure instanceof S3Error) return failure;
    throw failure;
  }
}

async function* pieces(body: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += 5000) yield Buffer.from(body.slice(at, at + 5000));
  await Promise.resolve();
}

const kindOf = (result: number | S3Error) => (result instanceof S3Error ? result.kind : result);

describe("aws-chunked framing", () => {
  it("lets only the last signed chunk be smaller than 8,192 bytes", async () => {
    expect(await read(chunk(3) + end, signed)).to.equal(3);
    expect(await read(end, signed)).to.equal(0);
    expect(await read(chunk(8192) + chunk(1) + end, signed)).to.equal(8193);
    expect(await read(chunk(65_536) + chunk(8192) + chunk(65_536) + end, signed)).to.equal(139_264);
    const first = await read(chunk(8191) + chunk(1) + end, signed);
    expect(first).to.be.instanceOf(S3Error);
    const { kind, details } = first as S3Error;
    expect([kind, details.fields]).to.deep.equal(["InvalidChunkSizeError", { Chunk: "2", BadChunkSize: "8191" }]);
    const later = (await read(chunk(8192) + chunk(8192) + chunk(10) + chunk(8192) + end, signed)) as S3Error;
    expect(later.details.fields).to.deep.equal({ Chunk: "4", BadChunkSize: "10" });
  });

  it("takes small unsigned chunks, which the JavaScript SDK makes of a stream's small pieces", async () => {
    expect(await read(`${chunk(1, "")}${chunk(2, "")}0\r\n\r\n`, unsigned)).to.equal(3);
  });

  it("is IncompleteBody wherever it is broken", async () => {
    const broken: [string, string][] = [
      ["no body", ""],
      ["no last chunk", chunk(3)],
      ["no size", `;chunk-signature=${SIGNATURE}\r\n`],
      ["a size that is none", `x;chunk-signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["a negative size", `-3;chunk-signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["a size beyond all limits", `${"f".repeat(14)};chunk-signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["more bytes than the size says", `2;chunk-signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["fewer bytes than the size says", `4;chunk-signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["no line break behind the bytes", `3;chunk-signature=${SIGNATURE}\r\nabc${end}`],
      ["a body that ends in a chunk", `3;chunk-signature=${SIGNATURE}\r\nab`],
      ["a body that ends in a chunk header", "3;chunk-sig"],
      ["no signature", "3\r\nabc\r\n0\r\n\r\n"],
      ["another word for the signature", `3;signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["a signature without its separator", `3,chunk-signature=${SIGNATURE}\r\nabc\r\n${end}`],
      ["a signature that is too short", `3;chunk-signature=ff\r\nabc\r\n${end}`],
      ["a header line without end", `3${"0".repeat(5000)}`],
      ["bytes behind the end", `${chunk(3)}${end}more\r\n`],
      ["an end cut off", `${chunk(3)}${end.slice(0, -1)}X`],
    ];
    for (const [what, body] of broken) expect(kindOf(await read(body, signed)), what).to.equal("IncompleteBody");
  });

  it("tells a broken trailer from a broken body", async () => {
    const trailer = (lines: string) => read(`${chunk(3, "")}0\r\n${lines}\r\n`, unsigned);
    expect(await trailer("x-amz-checksum-crc32:AAAAAA==\r\n")).to.equal(3);
    expect(kindOf(await trailer("no colon\r\n"))).to.equal("MalformedTrailerError");
    expect(kindOf(await trailer(":value\r\n"))).to.equal("MalformedTrailerError");
    const signedTrailer = (lines: string) =>
      read(`${chunk(3)}0;chunk-signature=${SIGNATURE}\r\n${lines}\r\n`, { ...signed, trailer: true });
    const sum = "x-amz-checksum-crc32:AAAAAA==\r\n";
    expect(await signedTrailer(`${sum}x-amz-trailer-signature:${SIGNATURE}\r\n`)).to.equal(3);
    expect(kindOf(await signedTrailer(sum)), "without its signature").to.equal("IncompleteBody");
    expect(kindOf(await signedTrailer("")), "missing").to.equal("IncompleteBody");
    expect(kindOf(await signedTrailer(`${sum}x-amz-trailer-signature:${"0".repeat(64)}\r\n`))).to.equal(
      "SignatureDoesNotMatch",
    );
  });
});
