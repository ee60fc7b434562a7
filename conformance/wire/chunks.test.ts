import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { bytesOf, s3, useBucket } from "../support/target.js";

function ofCrc32(text: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(text));
  return sum.toString("base64");
}

describe("bodies in chunks", () => {
  const bucket = useBucket();
  const put = (body: string, size: string) =>
    send({
      method: "PUT",
      path: `/${bucket.name}/key`,
      body,
      headers: {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": size,
        "x-amz-trailer": "x-amz-checksum-crc32",
      },
    });
  const trailer = `x-amz-checksum-crc32:${ofCrc32("hello")}\r\n\r\n`;

  it("are IncompleteBody where their framing is broken", async () => {
    expect((await put(`5\r\nhello\r\n0\r\n${trailer}`, "5")).status).to.equal(200);
    for (const [what, body] of [
      ["too small a size", `3\r\nhello\r\n0\r\n${trailer}`],
      ["too large a size", `6\r\nhello\r\n0\r\n${trailer}`],
      ["no size", `\r\nhello\r\n0\r\n${trailer}`],
      ["a size that is none", `five\r\nhello\r\n0\r\n${trailer}`],
      ["no line break behind the bytes", `5\r\nhello0\r\n${trailer}`],
      ["no line break behind the size", `5hello\r\n0\r\n${trailer}`],
      ["no end", "5\r\nhello\r\n"],
      ["no bytes", "5\r\n"],
      ["another end", `5\r\nhello\r\n0\r\n${trailer.slice(0, -1)}X`],
    ] as const)
      expect(await put(body, "5"), what).to.include({ status: 400, code: "IncompleteBody" });
    for (const size of ["4", "6"])
      expect(await put(`5\r\nhello\r\n0\r\n${trailer}`, size), size).to.include({
        status: 400,
        code: "IncompleteBody",
      });
  });

  it("are MissingContentLength where their decoded length is no number", async () => {
    for (const size of ["abc", "-5", "5.0", "5,5", ""])
      expect(await put(`5\r\nhello\r\n0\r\n${trailer}`, size), size).to.include({
        status: 411,
        code: "MissingContentLength",
      });
  });

  it("may come in the small pieces that the SDK makes of a stream", async () => {
    const pieces = ["a", "bc", "", "d".repeat(100), "e"];
    const Body = Readable.from(pieces.map((piece) => Buffer.from(piece)).filter((piece) => piece.length > 0));
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "stream", Body, ContentLength: 104 }));
    const { Body: got } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "stream" }));
    expect((await bytesOf(got)).toString()).to.equal(pieces.join(""));
  });
});
