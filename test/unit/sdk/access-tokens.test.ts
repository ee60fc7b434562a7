import { expect } from "chai";
import { SignJWT } from "jose";
import { AccessTokens } from "../../../src/sdk/access-tokens.js";

const [old, current] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

describe("Access tokens", () => {
  let now = 1_700_000_000_000;
  const clock = { now: () => now };
  const tokens = new AccessTokens({ keys: [current, old], clock });

  it("say what they were issued with until they end, for their purpose alone", async () => {
    const token = await tokens.issue("one", { sub: "alice" }, 10);
    expect(await tokens.read("one", token)).to.include({ sub: "alice" });
    expect(await tokens.read("another", token)).to.equal(undefined);
    now += 11_000;
    expect(await tokens.read("one", token)).to.equal(undefined);
  });

  it("outlive the change of the master key while the old one is kept", async () => {
    const token = await new AccessTokens({ keys: [old], clock }).issue("one", { sub: "alice" }, 10);
    expect(await tokens.read("one", token)).to.include({ sub: "alice" });
    expect(await new AccessTokens({ keys: [current], clock }).read("one", token)).to.equal(undefined);
  });

  it("are none without an end, a signature, or this program's name, and none that are long", async () => {
    const seconds = Math.floor(now / 1000);
    const made = (token: SignJWT) => token.setProtectedHeader({ alg: "HS256" }).setAudience("one").sign(current);
    const endless = await made(new SignJWT({ sub: "alice" }).setIssuer("cess-s3"));
    const foreign = await made(new SignJWT({ sub: "alice" }).setIssuer("other").setExpirationTime(seconds + 10));
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { sub: "alice", iss: "cess-s3", aud: "one", exp: seconds + 10 };
    const unsigned = `${part({ alg: "none" })}.${part(claims)}.`;
    for (const token of [endless, foreign, unsigned, "", "a.b.c", "x".repeat(100_000)])
      expect(await tokens.read("one", token), token.slice(0, 80)).to.equal(undefined);
  });
});
