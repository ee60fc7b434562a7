import { expect } from "chai";
import { ChainWarnings, type ChainWarningsComponents } from "../../../../src/cli/gateway/chain-warnings.js";
import type { CessAccount } from "../../../../src/model/account.js";
import { ManualClock } from "../../../support/manual-clock.js";

const MINUTE_MS = 60_000;

describe("Warnings of the chain", () => {
  const ALICE = { id: "a", displayName: "alice", cessAccount: "cAlice" as CessAccount, territory: "photos" };

  function open(answers: { unavailable: boolean }) {
    const clock = new ManualClock();
    const lines: { fields: object; message: string }[] = [];
    const hooks: { trouble?: ((endpoint: string, why: string) => void) | undefined; link?: (() => void) | undefined } =
      {};
    const read = <T>(value: T) => (answers.unavailable ? Promise.reject(new Error("away")) : Promise.resolve(value));
    const components = {
      session: {
        connection: {
          onTrouble: (listener: typeof hooks.trouble) => {
            hooks.trouble = listener;
            return () => delete hooks.trouble;
          },
          onLink: (listener: typeof hooks.link) => {
            hooks.link = listener;
            return () => delete hooks.link;
          },
        },
      },
      chain: {
        account: "cGateway",
        feeBalance: () => read(0),
        territory: () => read(undefined),
        finalizedBlock: () => read(7),
      },
      accounts: () => [ALICE],
      clock,
      log: { warn: (fields: object, message: string) => void lines.push({ fields, message }) },
    };
    ChainWarnings.start(components as unknown as ChainWarningsComponents, { blockMs: 6000 });
    return { clock, lines, hooks };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it("tell of an endpoint's trouble at once, then every ten minutes, and of each endpoint by itself", async () => {
    const { clock, lines, hooks } = open({ unavailable: false });
    hooks.trouble?.("ws://a", "ws://a: refused");
    expect(lines.map(({ fields }) => fields)).to.deep.equal([{ reason: "ws://a: refused" }]);
    hooks.trouble?.("ws://b", "ws://b: refused");
    expect(lines).to.have.lengthOf(2);
    for (let minute = 0; minute < 9; minute++) {
      await clock.advance(MINUTE_MS);
      hooks.trouble?.("ws://a", "ws://a: refused");
    }
    expect(lines).to.have.lengthOf(2);
    await clock.advance(MINUTE_MS);
    hooks.trouble?.("ws://a", "ws://a: refused");
    expect(lines).to.have.lengthOf(3);
  });

  it("tell soon again of an endpoint that was used meanwhile", async () => {
    const { clock, lines, hooks } = open({ unavailable: true });
    hooks.trouble?.("ws://a", "closed");
    await clock.advance(2 * MINUTE_MS);
    hooks.link?.();
    hooks.trouble?.("ws://a", "closed");
    expect(lines).to.have.lengthOf(2);
    await clock.advance(MINUTE_MS - 1);
    hooks.trouble?.("ws://a", "closed");
    expect(lines, "not for each of many").to.have.lengthOf(2);
  });

  it("tell once what keeps objects from being stored, when the chain answers for the first time", async () => {
    const answers = { unavailable: true };
    const { lines, hooks } = open(answers);
    hooks.link?.();
    await settled();
    expect(lines, "the chain went away again").to.deep.equal([]);
    answers.unavailable = false;
    hooks.link?.();
    await settled();
    expect(lines.map(({ fields }) => (fields as { check: string }).check)).to.deep.equal(["fee balance", "territory"]);
    for (const { fields } of lines) expect(fields).to.have.property("remedy").that.is.a("string");
    hooks.link?.();
    await settled();
    expect(lines).to.have.lengthOf(2);
  });
});
