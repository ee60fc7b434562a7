import { expect } from "chai";
import { evaluatePolicy, isPublicPolicy, type PolicyAnswer } from "../../../src/model/policy-decision.js";
import { parsePolicy } from "../../../src/model/policy-document.js";

const alice = { id: "a".repeat(64), displayName: "alice", accessKeyId: "ALICEKEY" };
type Context = Readonly<Record<string, string | readonly string[]>>;

interface Asked {
  readonly principal?: object;
  readonly action?: string;
  readonly resource?: string;
  readonly context?: Context;
}

function ask(
  statements: object | readonly object[],
  { principal = alice, action = "s3:GetObject", resource = "box/k", context = {} }: Asked = {},
): PolicyAnswer {
  const listed = (Array.isArray(statements) ? statements : [statements]) as object[];
  const filled = listed.map((each) => ({
    Effect: "Allow",
    ...("NotPrincipal" in each ? {} : { Principal: "*" }),
    ...("NotAction" in each ? {} : { Action: "s3:*" }),
    ...("NotResource" in each ? {} : { Resource: "arn:aws:s3:::box*" }),
    ...each,
  }));
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: filled }), "box");
  return evaluatePolicy(policy, {
    principal,
    action,
    resource,
    context: (key) => {
      const value = context[key];
      return typeof value === "string" ? [value] : value;
    },
  });
}

describe("bucket policies", () => {
  it("let a Deny outweigh every Allow, and say nothing where no statement applies", () => {
    expect(ask([{}, { Effect: "Deny", Action: "s3:Get*" }])).to.equal("deny");
    expect(ask([{}, { Effect: "Deny", Action: "s3:Put*" }])).to.equal("allow");
    expect(ask({ Action: "s3:PutObject" })).to.equal("silent");
  });

  it("know a principal by every form of its name, and what is not one", () => {
    for (const AWS of [
      alice.id,
      "alice",
      `arn:aws:iam::${alice.id}:root`,
      `arn:aws:iam::${alice.id}:user/alice`,
      "arn:aws:iam:::user/alice",
      `arn:aws:iam::alice:user/path/ALICEKEY`,
    ]) {
      expect(ask({ Principal: { AWS } }), AWS).to.equal("allow");
      expect(ask({ Principal: { AWS } }, { principal: { id: "b", displayName: "bob" } }), AWS).to.equal("silent");
      expect(ask({ Principal: { AWS } }, { principal: {} }), AWS).to.equal("silent");
    }
    expect(ask({ NotPrincipal: { AWS: "alice" } })).to.equal("silent");
    expect(ask({ NotPrincipal: { AWS: "alice" } }, { principal: {} })).to.equal("allow");
    expect(ask({ Principal: { Service: "logging.s3.amazonaws.com" } })).to.equal("silent");
  });

  it("match actions without case, resources with it, and the contrary of both", () => {
    expect(ask({ Action: "S3:getobject" })).to.equal("allow");
    expect(ask({ NotAction: "s3:GetObject" })).to.equal("silent");
    expect(ask({ Resource: "arn:aws:s3:::box/K" })).to.equal("silent");
    expect(ask({ Resource: "arn:aws:s3:::box/?" })).to.equal("allow");
    expect(ask({ Resource: "arn:aws:s3:::box" })).to.equal("silent");
    expect(ask({ NotResource: "arn:aws:s3:::box/k" })).to.equal("silent");
    expect(ask({ NotResource: "arn:aws:s3:::box/other" })).to.equal("allow");
  });

  it("fill in variables, whose values have no wildcards", () => {
    const home = { Resource: "arn:aws:s3:::box/home/${aws:username}/*" };
    expect(ask(home, { resource: "box/home/al/x", context: { "aws:username": "al" } })).to.equal("allow");
    expect(ask(home, { resource: "box/home/bo/x", context: { "aws:username": "*" } })).to.equal("silent");
    expect(ask(home, { resource: "box/home//x" })).to.equal("silent");
    expect(ask({ Resource: "arn:aws:s3:::box/a${*}" }, { resource: "box/a*" })).to.equal("allow");
    expect(ask({ Resource: "arn:aws:s3:::box/a${*}" }, { resource: "box/ab" })).to.equal("silent");
    expect(ask({ Resource: "arn:aws:s3:::box/${aws:username, 'nobody'}" }, { resource: "box/nobody" })).to.equal(
      "allow",
    );
  });

  const conditions: readonly (readonly [string, object, Context, PolicyAnswer])[] = [
    ["StringEquals", { StringEquals: { "s3:prefix": ["a", "b"] } }, { "s3:prefix": "b" }, "allow"],
    ["StringEquals without the key", { StringEquals: { "s3:prefix": "a" } }, {}, "silent"],
    ["StringEqualsIfExists without the key", { StringEqualsIfExists: { "s3:prefix": "a" } }, {}, "allow"],
    ["StringNotEquals", { StringNotEquals: { "s3:prefix": ["a", "b"] } }, { "s3:prefix": "b" }, "silent"],
    ["StringNotEquals without the key", { StringNotEquals: { "s3:prefix": "a" } }, {}, "allow"],
    [
      "StringEqualsIgnoreCase",
      { StringEqualsIgnoreCase: { "aws:username": "ALICE" } },
      { "aws:username": "alice" },
      "allow",
    ],
    [
      "StringLike",
      { StringLike: { "aws:Referer": "https://*.example/?" } },
      { "aws:referer": "https://a.example/x" },
      "allow",
    ],
    ["StringNotLike", { StringNotLike: { "aws:UserAgent": "curl/*" } }, { "aws:useragent": "curl/8" }, "silent"],
    [
      "IpAddress",
      { IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"] } },
      { "aws:sourceip": "2001:db8::1" },
      "allow",
    ],
    ["IpAddress elsewhere", { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { "aws:sourceip": "11.0.0.1" }, "silent"],
    ["NotIpAddress", { NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { "aws:sourceip": "10.1.2.3" }, "silent"],
    ["Bool", { Bool: { "aws:SecureTransport": "false" } }, { "aws:securetransport": "false" }, "allow"],
    ["NumericLessThanEquals", { NumericLessThanEquals: { "s3:max-keys": 10 } }, { "s3:max-keys": "10" }, "allow"],
    ["NumericGreaterThan", { NumericGreaterThan: { "s3:max-keys": "10" } }, { "s3:max-keys": "10" }, "silent"],
    [
      "DateLessThan",
      { DateLessThan: { "aws:CurrentTime": "2026-06-01T00:00:00Z" } },
      { "aws:currenttime": "2026-05-31T23:59:59Z" },
      "allow",
    ],
    [
      "DateGreaterThan in seconds",
      { DateGreaterThan: { "aws:EpochTime": "1780272000" } },
      { "aws:epochtime": "1780271999" },
      "silent",
    ],
    ["Null", { Null: { "s3:x-amz-server-side-encryption": "true" } }, {}, "allow"],
    [
      "a tag's key as it is written",
      { StringEquals: { "s3:ExistingObjectTag/Class": "x" } },
      { "s3:existingobjecttag/Class": "x" },
      "allow",
    ],
    [
      "ForAllValues",
      { "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["a", "b"] } },
      { "s3:requestobjecttagkeys": ["a", "c"] },
      "silent",
    ],
    [
      "ForAnyValue",
      { "ForAnyValue:StringEquals": { "s3:RequestObjectTagKeys": ["a", "b"] } },
      { "s3:requestobjecttagkeys": ["a", "c"] },
      "allow",
    ],
    [
      "several at once, all of which must hold",
      { StringEquals: { "s3:prefix": "a" }, Bool: { "aws:SecureTransport": "true" } },
      { "s3:prefix": "a", "aws:securetransport": "false" },
      "silent",
    ],
  ];
  for (const [name, Condition, context, answer] of conditions) {
    it(`weigh ${name}`, () => expect(ask({ Condition }, { context })).to.equal(answer));
  }

  it("are public when they let in anybody from anywhere", () => {
    const isPublic = (more: object) =>
      isPublicPolicy(
        parsePolicy(
          JSON.stringify({
            Statement: [
              { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::box/*", ...more },
            ],
          }),
          "box",
        ),
      );
    expect(isPublic({})).to.equal(true);
    expect(isPublic({ Effect: "Deny" })).to.equal(false);
    expect(isPublic({ Principal: { AWS: "alice" } })).to.equal(false);
    expect(isPublic({ Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } })).to.equal(false);
    expect(isPublic({ Condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } } })).to.equal(true);
    expect(isPublic({ Condition: { StringLike: { "aws:Referer": "https://a/*" } } })).to.equal(true);
  });
});
