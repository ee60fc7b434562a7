import { expect } from "chai";
import { S3Error, toS3Error } from "../../../src/gateway/s3-error.js";
import { noBucket } from "../../../src/model/bucket.js";
import { noKmsKey } from "../../../src/model/encryption.js";
import { DomainError, isProblem, type Problem } from "../../../src/model/errors.js";
import { noUpload } from "../../../src/model/object.js";

/** Code, message (undefined: the code's own), resource and fields that a client is told. */
function told(failure: DomainError) {
  const { kind, details } = toS3Error(failure)!;
  return [kind, details.message, details.resource, details.fields];
}

const said = (problem: Problem) => told(new DomainError(problem, "what happened"));

describe("toS3Error", () => {
  it("names what is missing, with S3's own text", () => {
    expect(told(noBucket("box"))).to.deep.equal(["NoSuchBucket", undefined, "box", undefined]);
    expect(told(noUpload("u1"))).to.deep.equal(["NoSuchUpload", undefined, "u1", undefined]);
    expect(said({ kind: "noObject", key: "k" })).to.deep.equal(["NoSuchKey", undefined, "k", undefined]);
    expect(said({ kind: "bucketNotEmpty", bucket: "box" })).to.deep.equal([
      "BucketNotEmpty",
      undefined,
      "box",
      undefined,
    ]);
    expect(said({ kind: "preconditionFailed", key: "k" })).to.deep.equal([
      "PreconditionFailed",
      undefined,
      "k",
      undefined,
    ]);
  });

  it("gives the parameters that S3 has elements for", () => {
    expect(said({ kind: "invalidTag", tag: "a!" })).to.deep.equal([
      "InvalidTag",
      "what happened",
      undefined,
      { TagKey: "a!" },
    ]);
    expect(said({ kind: "invalidTag" })).to.deep.equal(["InvalidTag", "what happened", undefined, undefined]);
    expect(said({ kind: "invalidPolicy", action: "s3:Fly" })).to.deep.equal([
      "MalformedPolicy",
      "what happened",
      undefined,
      { Detail: "s3:Fly" },
    ]);
    expect(said({ kind: "invalidPolicy" })).to.deep.equal(["MalformedPolicy", "what happened", undefined, undefined]);
    expect(told(noKmsKey("payroll"))).to.deep.equal([
      "KMS.NotFoundException",
      "Key 'payroll' does not exist",
      undefined,
      { KeyId: "payroll" },
    ]);
    const refusals = {
      kmsKeyDisabled: "KMS.DisabledException",
      kmsKeyUnsuitable: "KMS.InvalidKeyUsageException",
      kmsKeyForbidden: "AccessDenied",
    } as const;
    for (const [kind, code] of Object.entries(refusals) as [keyof typeof refusals, string][])
      expect(said({ kind, keyId: "k" })).to.deep.equal([code, "what happened", undefined, { KeyId: "k" }]);
  });

  it("passes on what happened where S3's own text says less", () => {
    const codes = {
      copySourceDeleted: "OperationAborted",
      storageFull: "InsufficientStorage",
      overloaded: "SlowDown",
      dependencyUnavailable: "ServiceUnavailable",
      objectUnavailable: "ObjectUnavailable",
    } as const;
    for (const [kind, code] of Object.entries(codes) as [keyof typeof codes, string][])
      expect(said({ kind })).to.deep.equal([code, "what happened", undefined, undefined]);
    expect(said({ kind: "partReplaced", partNumber: 3 })[0]).to.equal("InvalidPart");
    expect(said({ kind: "catalogBusy" })).to.deep.equal(["SlowDown", undefined, undefined, undefined]);
  });

  it("says of a locked object what AWS says", () => {
    expect(said({ kind: "objectLocked" }).slice(0, 2)).to.deep.equal([
      "AccessDenied",
      "Access Denied because object protected by object lock.",
    ]);
  });

  it("keeps the failure as the cause, leaves S3Errors as they are, and tells nothing of what is unexpected", () => {
    const failure = new DomainError({ kind: "storageFull" }, "full", { cause: new Error("ENOSPC") });
    expect(toS3Error(failure)!.cause).to.equal(failure);
    const refusal = new S3Error("NoSuchKey");
    expect(toS3Error(refusal)).to.equal(refusal);
    expect([toS3Error(new Error("a bug")), toS3Error("text"), toS3Error(undefined)]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("isProblem", () => {
  it("is true for a DomainError of one of the kinds", () => {
    const failure = noBucket("box");
    expect(isProblem(failure, "noBucket")).to.equal(true);
    expect(isProblem(failure, "noUpload", "noBucket")).to.equal(true);
    expect(isProblem(failure, "noUpload")).to.equal(false);
    expect(isProblem(new S3Error("NoSuchBucket"), "noBucket")).to.equal(false);
  });
});
