import { expect } from "chai";
import { LeaseGuard } from "../../../../src/gateway/ingest/lease-guard.js";
import type { BucketCall } from "../../../../src/gateway/call.js";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import type { OutlivePolicy } from "../../../../src/model/lease.js";
import { ManualClock } from "../../../support/manual-clock.js";

const DAY_MS = 86_400_000;

describe("Promises that outlive the lease", () => {
  const clock = new ManualClock();
  const end = clock.now() + 10 * DAY_MS;
  const logged: string[] = [];
  beforeEach(() => logged.splice(0));
  const guard = (policy: OutlivePolicy, paidUntil?: number) =>
    new LeaseGuard(
      { clock, paidUntil: () => paidUntil, onOutlived: (_fields, text) => void logged.push(text) },
      policy,
    );
  const call = () =>
    ({
      bucket: { name: "box", owner: "anna" },
      account: { displayName: "alice" },
      warnings: [] as string[],
    }) as never as BucketCall & { warnings: string[] };

  it("are refused by policy, with both times", () => {
    try {
      guard("refuse", end).require(call(), "The object is locked", end + 1000);
      expect.fail("it was not refused");
    } catch (error) {
      expect(error).to.be.instanceOf(S3Error);
      expect((error as S3Error).kind).to.equal("LeaseTooShort");
      expect((error as S3Error).details.fields).to.deep.equal({
        PaidUntil: new Date(end).toISOString(),
        KeptUntil: new Date(end + 1000).toISOString(),
      });
    }
  });

  it("are warned of in the answer and the log by default", () => {
    const one = call();
    guard("warn", end).requireDays(one, "Objects are kept by the lifecycle rules", 11);
    expect(one.warnings).to.have.length(1);
    expect(one.warnings[0]).to.contain("Objects are kept").and.contain("cess-s3 territory renew");
    expect(logged).to.deep.equal(one.warnings);
  });

  it("pass where the lease lasts as long, where its end is not known, and where the policy allows them", () => {
    const one = call();
    guard("refuse", end).require(one, "It is locked", end);
    guard("refuse", end).require(one, "It is locked", undefined);
    guard("refuse").require(one, "It is locked", end * 2);
    guard("allow", end).require(one, "It is locked", end * 2);
    new LeaseGuard({ clock }, "refuse").requireDays(one, "It is kept", 1e9);
    expect(one.warnings).to.deep.equal([]);
    expect(guard("warn", end).paid("anna")).to.deep.equal({ paidUntil: end });
    expect(guard("warn").paid("anna")).to.deep.equal({});
  });
});
