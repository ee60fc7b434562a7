import { expect } from "chai";
import { toS3Error } from "../../../../src/gateway/s3-error.js";
import { requireTags, TAG_LIMITS } from "../../../../src/model/tag.js";
import { Headers } from "../../../../src/s3/wire/headers.js";
import { lifecycleDocument, readLifecycle, writeLifecycle } from "../../../../src/s3/wire/lifecycle-document.js";
import { lockHeaders } from "../../../../src/s3/wire/lock-headers.js";
import { readTags, replacedTags, taggingHeader } from "../../../../src/s3/wire/tagging.js";
import { writeElement } from "../../../../src/s3/wire/xml-writer.js";

function kindOf(run: () => unknown): string {
  try {
    run();
    return "nothing";
  } catch (error) {
    const refusal = toS3Error(error);
    if (refusal) return refusal.kind;
    throw error;
  }
}

const lifecycle = (...rules: readonly string[]) =>
  `<LifecycleConfiguration>${rules.map((rule) => `<Rule>${rule}</Rule>`).join("")}</LifecycleConfiguration>`;
const on = "<Status>Enabled</Status>";
const days = "<Expiration><Days>1</Days></Expiration>";

describe("Lifecycle documents", () => {
  it("come back as they were written, whichever form the filter has", () => {
    const rules = [
      `<ID>a</ID><Prefix>old/</Prefix>${on}<Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration>`,
      `<ID>b</ID><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>${on}${days}`,
      "<ID>c</ID><Filter><And><Prefix>p</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>l</Key><Value></Value></Tag>" +
        "<ObjectSizeGreaterThan>1</ObjectSizeGreaterThan><ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter><Status>Disabled</Status>" +
        "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
      `<ID>d</ID><Filter></Filter>${on}<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>` +
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
    ];
    const text = lifecycle(...rules);
    expect(writeElement(lifecycleDocument, writeLifecycle(readLifecycle(text))).replace(/ xmlns="[^"]*"/, "")).to.equal(
      text,
    );
  });

  it("give a rule without an ID one of its own", () => {
    const [first, second] = readLifecycle(lifecycle(`<Prefix/>${on}${days}`, `<Prefix/>${on}${days}`));
    expect(first?.id)
      .to.match(/^\S{20,}$/)
      .and.not.equal(second?.id);
  });

  it("are refused where AWS refuses them", () => {
    const refused: readonly (readonly [string, string])[] = [
      [`<Prefix/>${days}`, "MalformedXML"],
      [`<Prefix/><Status>on</Status>${days}`, "MalformedXML"],
      [`${on}${days}`, "MalformedXML"],
      [`<Prefix/><Filter/>${on}${days}`, "MalformedXML"],
      [`<Prefix/>${on}`, "InvalidRequest"],
      [`<Filter><Prefix>a</Prefix><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>${on}${days}`, "MalformedXML"],
      [`<Prefix/>${on}<Expiration><Days>0</Days></Expiration>`, "InvalidArgument"],
      [`<Prefix/>${on}<Expiration/>`, "MalformedXML"],
      [
        `<Prefix/>${on}<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`,
        "MalformedXML",
      ],
      [`<Prefix/>${on}<Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>`, "InvalidArgument"],
      [`<ID>${"x".repeat(256)}</ID><Prefix/>${on}${days}`, "InvalidArgument"],
      [`<Filter><ObjectSizeGreaterThan>-1</ObjectSizeGreaterThan></Filter>${on}${days}`, "InvalidRequest"],
      [`<Filter><ObjectSizeLessThan>0</ObjectSizeLessThan></Filter>${on}${days}`, "InvalidRequest"],
      [`<Prefix/>${on}<Transition><StorageClass>GLACIER</StorageClass></Transition>`, "MalformedXML"],
      [`<Prefix/>${on}<Transition><Days>1</Days><StorageClass>STANDARD</StorageClass></Transition>`, "MalformedXML"],
      [
        `<Prefix/>${on}<Transition><Days>29</Days><StorageClass>STANDARD_IA</StorageClass></Transition>`,
        "InvalidArgument",
      ],
      [`<Prefix/>${on}<Transition><Days>-1</Days><StorageClass>GLACIER</StorageClass></Transition>`, "InvalidArgument"],
      [
        `<Prefix/>${on}<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>1</Days></Expiration>`,
        "InvalidArgument",
      ],
      [
        `<Prefix/>${on}<Transition><Date>2030-01-01T00:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>1</Days></Expiration>`,
        "InvalidRequest",
      ],
      [
        `<Prefix/>${on}${"<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>".repeat(2)}`,
        "InvalidRequest",
      ],
      [
        `<Prefix/>${on}<NoncurrentVersionTransition><NoncurrentDays>9</NoncurrentDays><StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition>` +
          "<NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays></NoncurrentVersionExpiration>",
        "InvalidArgument",
      ],
      [
        `<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>${on}<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>`,
        "InvalidRequest",
      ],
    ];
    for (const [rule, kind] of refused)
      expect(
        kindOf(() => readLifecycle(lifecycle(rule))),
        rule,
      ).to.equal(kind);
    expect(
      kindOf(() => readLifecycle(lifecycle(`<ID>a</ID><Prefix/>${on}${days}`, `<ID>a</ID><Prefix/>${on}${days}`))),
    ).to.equal("InvalidArgument");
    expect(kindOf(() => readLifecycle("<LifecycleConfiguration/>"))).to.equal("MalformedXML");
  });
});

describe("Tags", () => {
  const headers = (value: string, directive?: string) =>
    new Headers(["x-amz-tagging", value, ...(directive === undefined ? [] : ["x-amz-tagging-directive", directive])]);

  it("are read from a header as from a query", () => {
    expect(taggingHeader(headers("a=1&b%20c=d%26e&empty"))).to.deep.equal([
      { key: "a", value: "1" },
      { key: "b c", value: "d&e" },
      { key: "empty", value: "" },
    ]);
    expect(taggingHeader(new Headers([]))).to.equal(undefined);
    expect(kindOf(() => taggingHeader(headers("a=1&a=2")))).to.equal("InvalidArgument");
    expect(kindOf(() => taggingHeader(headers("a=%")))).to.equal("InvalidArgument");
  });

  it("are a copy's own only where it says so", () => {
    expect(replacedTags(headers("a=1"))).to.equal(undefined);
    expect(replacedTags(headers("a=1", "REPLACE"))).to.deep.equal([{ key: "a", value: "1" }]);
    expect(replacedTags(headers("", "REPLACE"))).to.deep.equal([]);
    expect(kindOf(() => replacedTags(headers("a=1", "replace")))).to.equal("InvalidArgument");
  });

  it("are read from a document that has a set of them", () => {
    expect(readTags("<Tagging><TagSet><Tag><Key>k</Key><Value/></Tag></TagSet></Tagging>")).to.deep.equal([
      { key: "k", value: "" },
    ]);
    expect(readTags("<Tagging><TagSet/></Tagging>")).to.deep.equal([]);
    for (const text of ["<Tagging/>", "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>"])
      expect(
        kindOf(() => readTags(text)),
        text,
      ).to.equal("MalformedXML");
  });

  it("have S3's limits", () => {
    const tag = (key: string, value = "v") => ({ key, value });
    const ten = Array.from({ length: 10 }, (_, index) => tag(`k${index}`));
    requireTags([...ten.slice(1), tag("k".repeat(128), "v".repeat(256))], TAG_LIMITS.object);
    requireTags([tag("schlüssel 键", "a+b-c=d._:/@")], TAG_LIMITS.object);
    for (const tags of [
      [...ten, tag("k10")],
      [tag("k".repeat(129))],
      [tag("k", "v".repeat(257))],
      [tag("")],
      [tag("a"), tag("a")],
      [tag("aws:x")],
      [tag("a?")],
    ]) {
      expect(kindOf(() => requireTags(tags, TAG_LIMITS.object))).to.equal("InvalidTag");
    }
  });
});

describe("Lock headers", () => {
  const read = (mode?: string, until?: string, hold?: string) =>
    lockHeaders(
      new Headers([
        ...(mode === undefined ? [] : ["x-amz-object-lock-mode", mode]),
        ...(until === undefined ? [] : ["x-amz-object-lock-retain-until-date", until]),
        ...(hold === undefined ? [] : ["x-amz-object-lock-legal-hold", hold]),
      ]),
    );

  it("are a retention of mode and date together, and a legal hold", () => {
    expect(read()).to.equal(undefined);
    expect(read("GOVERNANCE", "2030-01-01T00:00:00Z", "ON")).to.deep.equal({
      retention: { mode: "GOVERNANCE", until: Date.UTC(2030, 0, 1) },
      legalHold: "ON",
    });
    expect(kindOf(() => read("GOVERNANCE"))).to.equal("InvalidArgument");
    expect(kindOf(() => read(undefined, "2030-01-01T00:00:00Z"))).to.equal("InvalidArgument");
    expect(kindOf(() => read("governance", "2030-01-01T00:00:00Z"))).to.equal("InvalidArgument");
    expect(kindOf(() => read("COMPLIANCE", "soon"))).to.equal("InvalidArgument");
    expect(kindOf(() => read(undefined, undefined, "on"))).to.equal("InvalidArgument");
  });
});
