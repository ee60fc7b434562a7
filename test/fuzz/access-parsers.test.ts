import { expect } from "chai";
import fc from "fast-check";
import { toS3Error } from "../../src/gateway/s3-error.js";
import { globOf, matchesGlob } from "../../src/model/glob.js";
import { accessLine } from "../../src/model/access-log.js";
import { requireActions } from "../../src/model/policy-actions.js";
import { evaluatePolicy, isPublicPolicy } from "../../src/model/policy-decision.js";
import { parsePolicy } from "../../src/model/policy-document.js";
import { errorStatus } from "../../src/s3/error-response.js";
import { aclHeaders, readAcl } from "../../src/s3/wire/acl.js";
import { readLogging } from "../../src/s3/wire/logging-document.js";
import { Headers } from "../../src/s3/wire/headers.js";
import { processorMs } from "../support/processor-time.js";

/** Whatever a client sends, a parser answers or refuses with a client's error: never a crash, never a 500. */
function survives(parse: () => void): void {
  try {
    parse();
  } catch (failure) {
    const refusal = toS3Error(failure);
    if (!refusal) throw failure;
    expect(errorStatus(refusal.kind)).to.be.within(400, 499);
  }
}

const seed = Date.now();
const runs = { seed, numRuns: 400 };
const pieces = (...texts: string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 8 })), { maxLength: 14 })
    .map((parts) => parts.join(""));
const maybe = (...values: unknown[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );

const statement = fc.record(
  {
    Sid: maybe("one", "two"),
    Effect: maybe("Allow", "Deny"),
    Principal: maybe("*", { AWS: "*" }, { AWS: ["arn:aws:iam::a:root"] }, { CanonicalUser: "a" }, { Service: "x" }),
    NotPrincipal: maybe({ AWS: "a" }),
    Action: maybe("s3:*", ["s3:Get*", "s3:PutObject"], "*"),
    NotAction: maybe("s3:GetObject"),
    Resource: maybe("arn:aws:s3:::box/*", "arn:aws:s3:::*", "arn:aws:s3:::box/${aws:username}/*", "arn:aws:s3:::other"),
    NotResource: maybe("arn:aws:s3:::box/a"),
    Condition: maybe(
      { StringLike: { "s3:prefix": ["a*", "${s3:prefix}", "${"] } },
      { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
      { NotIpAddress: { "aws:SourceIp": "::/0" } },
      { Bool: { "aws:SecureTransport": false } },
      { NumericLessThan: { "s3:max-keys": 5 } },
      { DateGreaterThan: { "aws:CurrentTime": "2026-01-01T00:00:00Z" } },
      { "ForAllValues:StringNotEqualsIfExists": { "s3:RequestObjectTagKeys": ["a"] } },
      { Null: { "aws:Referer": "true" } },
      { __proto__: null, toString: { a: "b" } },
    ),
  },
  { requiredKeys: ["Effect"] },
);

/** Of values that are right each for itself and together, so that the questions are asked whatever the seed. */
const rightStatement = fc.record(
  {
    Effect: fc.constantFrom("Allow", "Deny"),
    Principal: fc.constantFrom("*", { AWS: "*" }),
    Action: fc.constantFrom("s3:GetObject", ["s3:Get*", "s3:PutObject"]),
    Resource: fc.constantFrom("arn:aws:s3:::box/*", "arn:aws:s3:::box/${aws:username}/*"),
    Condition: fc.constantFrom(
      { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
      { Bool: { "aws:SecureTransport": false } },
      { StringLike: { "s3:prefix": ["a*", "${s3:prefix}"] } },
      { DateGreaterThan: { "aws:CurrentTime": "2026-01-01T00:00:00Z" } },
    ),
  },
  { requiredKeys: ["Effect", "Principal", "Action", "Resource"] },
);

describe(`parsers of permissions under random input (seed ${seed})`, () => {
  it("survive any policy document, and every question to the ones they take", () => {
    let taken = 0;
    const ask = (text: string, value: string) =>
      survives(() => {
        const policy = parsePolicy(text, "box");
        taken++;
        survives(() => requireActions(policy));
        expect(isPublicPolicy(policy)).to.be.a("boolean");
        const context = (key: string) =>
          key.length % 3 === 0 ? undefined : key.length % 3 === 1 ? [value] : [value, "a"];
        expect(
          evaluatePolicy(policy, {
            principal: value === "" ? {} : { id: value, displayName: "a" },
            action: "s3:GetObject",
            resource: `box/${value}`,
            context,
          }),
        ).to.be.oneOf(["allow", "deny", "silent"]);
      });
    fc.assert(
      fc.property(
        pieces(
          '{"Version":"2012-10-17",',
          '"Statement":',
          "[",
          "]",
          "{",
          "}",
          '"Effect":"Allow"',
          ",",
          '"Principal":"*"',
          "null",
          "1e999",
        ),
        fc.string(),
        ask,
      ),
      runs,
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (json, value) => ask(JSON.stringify(json), value)),
      runs,
    );
    fc.assert(
      fc.property(
        maybe("2012-10-17", "2008-10-17"),
        fc.array(statement, { maxLength: 3 }),
        fc.string(),
        (Version, Statement, value) => ask(JSON.stringify({ Version, Statement }), value),
      ),
      { seed, numRuns: 2000 },
    );
    taken = 0;
    fc.assert(
      fc.property(fc.array(rightStatement, { minLength: 1, maxLength: 3 }), fc.string(), (Statement, value) =>
        ask(JSON.stringify({ Version: "2012-10-17", Statement }), value),
      ),
      runs,
    );
    expect(taken, "policies that were right").to.equal(runs.numRuns);
  });

  it("survive any ACL, in headers and in a document", () => {
    fc.assert(
      fc.property(
        pieces("id=", '"', "uri=", "http://acs.amazonaws.com/groups/global/AllUsers", ",", "emailAddress=", " "),
        fc.constantFrom("x-amz-grant-read", "x-amz-grant-write-acp", "x-amz-grant-x", "x-amz-acl"),
        (value, name) => survives(() => void aclHeaders(new Headers([name, value]))),
      ),
      runs,
    );
    fc.assert(
      fc.property(
        pieces(
          "<AccessControlPolicy>",
          "</AccessControlPolicy>",
          "<Owner><ID>a</ID></Owner>",
          "<AccessControlList>",
          "</AccessControlList>",
          "<Grant>",
          "</Grant>",
          "<Grantee>",
          "</Grantee>",
          "<ID>b</ID>",
          "<URI>",
          "</URI>",
          "<Permission>READ</Permission>",
        ),
        (text) => survives(() => void readAcl(text)),
      ),
      runs,
    );
  });

  it("survive any logging status, and write one line of 26 fields of whatever a request says", () => {
    fc.assert(
      fc.property(
        pieces(
          "<BucketLoggingStatus>",
          "</BucketLoggingStatus>",
          "<LoggingEnabled>",
          "</LoggingEnabled>",
          "<TargetBucket>b</TargetBucket>",
          "<TargetPrefix/>",
          "<TargetGrants>",
          "</TargetGrants>",
          "<Grant>",
          "</Grant>",
          "<Grantee><ID>a</ID></Grantee>",
          "<Permission>READ</Permission>",
        ),
        (text) => survives(() => void readLogging(text)),
      ),
      runs,
    );
    const text = fc.string({ unit: "binary", maxLength: 12 });
    fc.assert(
      fc.property(text, text, text, text, text, (key, requestUri, userAgent, versionId, host) => {
        const line = accessLine(
          {
            bucket: "box",
            time: 0,
            address: "::1",
            requestId: "R",
            operation: "REST.GET.OBJECT",
            key,
            requestUri,
            status: 200,
            totalMs: 1,
            userAgent,
            versionId,
            host,
            hostId: "H",
          },
          "owner",
        );
        expect(line).to.match(/^[^\r\n]*$/);
        expect(line.match(/"[^"]*"|\[[^\]]*\]|[^ ]+/g)).to.have.length(26);
      }),
      runs,
    );
  });

  it("match patterns as a regular expression would, and never take long", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "/"), maxLength: 8 }),
        fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 }),
        (pattern, text) => {
          const expression = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
          expect(matchesGlob(globOf(pattern), text)).to.equal(expression.test(text));
        },
      ),
      { seed, numRuns: 3000 },
    );
    const begun = processorMs();
    expect(matchesGlob(globOf("*a".repeat(400)), "a".repeat(399) + "b".repeat(600))).to.equal(false);
    expect(processorMs() - begun).to.be.below(1000);
  });
});
