import { expect } from "chai";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import {
  deleteConditions,
  rangeConditions,
  readConditions,
  writeConditions,
} from "../../../../src/s3/wire/conditions.js";
import { Headers } from "../../../../src/s3/wire/headers.js";

const headers = (fields: Readonly<Record<string, string>>) => new Headers(Object.entries(fields).flat());
const refused = (call: () => unknown) => {
  try {
    call();
  } catch (failure) {
    if (failure instanceof S3Error) return failure.kind;
    throw failure;
  }
  return undefined;
};

describe("Conditional headers", () => {
  it("list ETags with and without quotes; only a bare star alone is any ETag", () => {
    const lists: [string, "*" | string[]][] = [
      ['"a"', ["a"]],
      ["a", ["a"]],
      ['"a", b ,"c,d"', ["a", "b", "c,d"]],
      ["*", "*"],
      [" * ", "*"],
      ['"*"', ["*"]],
      ['*, "a"', ["*", "a"]],
      ["*,*", ["*", "*"]],
    ];
    for (const [value, etags] of lists) {
      expect(readConditions(headers({ "If-Match": value })).ifMatch, value).to.deep.equal(etags);
      expect(readConditions(headers({ "If-None-Match": value })).ifNoneMatch, value).to.deep.equal(etags);
    }
  });

  it("without any ETag are conditions all the same, in all four places", () => {
    for (const value of ["", " ", ",", " , ,"]) {
      const fields = headers({
        "If-Match": value,
        "If-None-Match": value,
        "x-amz-copy-source-if-match": value,
        "x-amz-copy-source-if-none-match": value,
      });
      for (const prefix of ["", "x-amz-copy-source-"])
        expect(readConditions(fields, prefix), JSON.stringify(value)).to.deep.equal({ ifMatch: [], ifNoneMatch: [] });
      expect(writeConditions(headers({ "If-Match": value })), JSON.stringify(value)).to.deep.equal({ ifMatch: [] });
      expect(deleteConditions(headers({ "If-Match": value })), JSON.stringify(value)).to.deep.equal({ ifMatch: [] });
    }
    expect(readConditions(headers({ "If-Match": '""', "If-None-Match": '""' }))).to.deep.equal({
      ifMatch: [""],
      ifNoneMatch: [""],
    });
  });

  it("compare weak ETags with If-None-Match alone", () => {
    for (const [value, etag] of [
      ['W/"a"', "a"],
      ["W/a", "a"],
      ['W/""', ""],
    ] as const) {
      const fields = headers({ "If-Match": value, "If-None-Match": value });
      expect(readConditions(fields), value).to.deep.equal({ ifMatch: [], ifNoneMatch: [etag] });
    }
    expect(readConditions(headers({ "If-Match": 'W/"a", "b"' })).ifMatch).to.deep.equal(["b"]);
  });

  it("that come more than once are one list; two dates are none", () => {
    const twice = (name: string, first: string, second: string) => new Headers([name, first, name, second]);
    expect(readConditions(twice("If-Match", '"a"', 'W/"b"')).ifMatch).to.deep.equal(["a"]);
    expect(readConditions(twice("If-Match", "", "")).ifMatch).to.deep.equal([]);
    const date = "Sun, 06 Nov 1994 08:49:37 GMT";
    expect(readConditions(twice("If-Unmodified-Since", date, date))).to.deep.equal({});
  });

  it("pass over what is no date", () => {
    const since = (text: string) => readConditions(headers({ "If-Modified-Since": text })).ifModifiedSince;
    const at = Date.UTC(1994, 10, 6, 8, 49, 37);
    for (const date of [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "6 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 09:49:37 +0100",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      "1994-11-06T08:49:37.5Z",
    ])
      expect(since(date), date).to.equal(at);
    for (const wrong of [
      "",
      "never",
      "never 5",
      "Mon, 1",
      "0",
      "784111777",
      "Sun, 06 Nov 1994",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 25:49:37 GMT",
      "1994-02-31T08:49:37Z",
    ])
      expect(since(wrong), wrong).to.equal(undefined);
  });

  it("of ranges are one strong ETag or one date, and else hold of nothing", () => {
    const range = (text: string) => rangeConditions(headers({ "If-Range": text })).ifRange;
    expect(range('"a"')).to.equal("a");
    expect(range("a")).to.equal("a");
    expect(range("Sun, 06 Nov 1994 08:49:37 GMT")).to.equal(Date.UTC(1994, 10, 6, 8, 49, 37));
    for (const wrong of ["", ",", "*", 'W/"a"', '"a", "b"', "Sun, 06 Nov"]) expect(range(wrong), wrong).to.equal("");
    expect(rangeConditions(headers({}))).to.deep.equal({});
  });

  it("of writes are If-Match, and If-None-Match with a bare star", () => {
    expect(writeConditions(headers({}))).to.equal(undefined);
    expect(writeConditions(headers({ "If-Match": '"*"', "If-None-Match": "*" }))).to.deep.equal({
      ifMatch: ["*"],
      ifNoneMatch: "*",
    });
    for (const value of ["", ",", '""', '"*"', "*,*", '"a"', 'W/""'])
      expect(
        refused(() => writeConditions(headers({ "If-None-Match": value }))),
        value,
      ).to.equal("NotImplemented");
  });

  it("of deletions refuse a size or a date that cannot be read", () => {
    for (const size of ["", "-1", "1.5", "one"])
      expect(
        refused(() => deleteConditions(headers({ "x-amz-if-match-size": size }))),
        size,
      ).to.equal("InvalidArgument");
    for (const date of ["", "never 5"])
      expect(
        refused(() => deleteConditions(headers({ "x-amz-if-match-last-modified-time": date }))),
        date,
      ).to.equal("InvalidArgument");
  });
});
