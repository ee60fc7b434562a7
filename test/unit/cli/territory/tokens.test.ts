import { expect } from "chai";
import { tokensText } from "../../../../src/cli/territory/tokens.js";

const token = { symbol: "TCESS", decimals: 18 };

describe("Amounts of tokens", () => {
  it("are shown with at most six decimals, and what is left is rounded up", () => {
    expect(tokensText(30n * 10n ** 18n, token)).to.equal("30 TCESS");
    expect(tokensText(15n * 10n ** 17n, token)).to.equal("1.5 TCESS");
    expect(tokensText(1n, token)).to.equal("0.000001 TCESS");
    expect(tokensText(0n, token)).to.equal("0 TCESS");
  });

  it("are exact and readable when they are large", () => {
    expect(tokensText(1_234_567_890n * 10n ** 18n + 10n ** 16n, token)).to.equal("1,234,567,890.01 TCESS");
    expect(tokensText(5n, { symbol: "T", decimals: 0 })).to.equal("5 T");
  });
});
