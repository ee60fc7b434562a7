import { expect } from "chai";
import { whileReplaced } from "../../../../src/gateway/objects/while-replaced.js";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { DomainError } from "../../../../src/model/errors.js";

describe("What is replaced while it is used", () => {
  const gone = () => new S3Error("NoSuchKey", {});
  const reason = (work: Promise<unknown>) => work.catch((error: unknown) => error);

  it("is found anew, whether its bytes or its row were gone", async () => {
    const failures = [gone(), new DomainError({ kind: "copySourceDeleted" }, "gone")];
    let found = 0;
    const used = await whileReplaced(
      () => Promise.resolve(++found),
      (version) => {
        const failure = failures.shift();
        return failure ? Promise.reject(failure) : Promise.resolve(version);
      },
    );
    expect(used).to.equal(3);
  });

  it("is given up after five attempts, and at once for any other reason or where nothing is found", async () => {
    let attempts = 0;
    const failing = (error: Error) =>
      whileReplaced(
        () => Promise.resolve(),
        () => (attempts++, Promise.reject(error)),
      );
    const last = gone();
    expect(await reason(failing(last))).to.equal(last);
    expect(attempts).to.equal(5);
    const other = new Error("another reason");
    expect(await reason(failing(other))).to.equal(other);
    expect(attempts).to.equal(6);
    let looks = 0;
    const missing = gone();
    const work = whileReplaced(
      () => (looks++, Promise.reject(missing)),
      () => Promise.resolve(),
    );
    expect(await reason(work)).to.equal(missing);
    expect(looks).to.equal(1);
  });
});
