import { expect } from "chai";
import { formBoundary, MultipartReader } from "../../../src/streams/multipart.js";

class Refusal extends Error {}
const refuse = (why: string) => () => new Refusal(why);
const refusals = {
  incomplete: refuse("incomplete"),
  malformed: refuse("malformed"),
  headTooLong: refuse("head too long"),
};

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** Names, file names and texts of all parts. */
async function read(form: string, size = 7, limit = 100): Promise<(string | undefined)[][]> {
  const reader = new MultipartReader("b", pieces(form, size), refusals);
  const parts: (string | undefined)[][] = [];
  while (await reader.another()) {
    const { name, fileName } = await reader.head();
    parts.push([name, fileName, await reader.text(limit, refuse("too long"))]);
  }
  await reader.skipRest(20);
  return parts;
}

const part = (parameters: string, text: string) =>
  `--b\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n${text}\r\n`;

describe("MultipartReader", () => {
  it("reads part after part however the body is cut, past what stands before and behind the form", async () => {
    const form = `before\r\n${part('name="key"', "a\r\n--B")}${part('filename="f.txt"; name=file', "")}--b--\r\nbehind`;
    for (const size of [1, 2, 7, 1_000])
      expect(await read(form, size)).to.deep.equal([
        ["key", undefined, "a\r\n--B"],
        ["file", "f.txt", ""],
      ]);
  });

  it("takes the escapes that browsers write in names", async () => {
    expect(await read(`${part('name="a%22b\\\\c"', "x")}--b--`)).to.deep.equal([['a"b\\c', undefined, "x"]]);
  });

  it("refuses what is no form, what ends early, and what is longer than it may be", async () => {
    const refused = (form: string, limit?: number) =>
      read(form, 7, limit).catch((error: unknown) => (error as Error).message);
    expect(await refused("no form at all")).to.equal("incomplete");
    expect(await refused("x".repeat(5_000))).to.equal("malformed");
    expect(await refused(`${part('name="a"', "x")}--bxy`)).to.equal("malformed");
    expect(await refused(`${part('title="a"', "x")}--b--`)).to.equal("malformed");
    expect(await refused(part('name="a"', "x"))).to.equal("incomplete");
    expect(await refused(`--b\r\nX: ${"y".repeat(5_000)}\r\n\r\n`)).to.equal("head too long");
    expect(await refused(`${part('name="a"', "12345")}--b--`, 4)).to.equal("too long");
    expect(await refused(`${part('name="a"', "1")}--b--${" ".repeat(50)}`)).to.equal("malformed");
  });

  it("reads the boundary of a Content-Type, quoted or not", () => {
    expect(formBoundary("multipart/form-data; boundary=abc")).to.equal("abc");
    expect(formBoundary('Multipart/Form-Data; charset=utf-8; boundary="a b"')).to.equal("a b");
    for (const type of [undefined, "application/json", "multipart/form-data", "multipart/form-data; boundary="])
      expect(formBoundary(type)).to.equal(undefined);
  });
});
