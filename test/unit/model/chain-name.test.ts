import { expect } from "chai";
import { chainName } from "../../../src/model/chain-name.js";

describe("A file's name on chain that is made from a key", () => {
  it("is the key's last part", () => {
    expect(chainName("report.pdf")).to.equal("report.pdf");
    expect(chainName("2026/may/report_1-a.pdf")).to.equal("report_1-a.pdf");
    expect(chainName("a.b")).to.equal("a.b");
  });

  it("has a dash for each character that cannot be said", () => {
    expect(chainName("Übersicht für Mai 😀.txt")).to.equal("-bersicht-f-r-Mai--.txt");
    expect(chainName("a\n\0b")).to.equal("a--b");
  });

  it("has 63 bytes at most, and keeps its extension", () => {
    expect(chainName(`${"x".repeat(100)}.tar.gz`)).to.equal(`${"x".repeat(60)}.gz`);
    expect(chainName("ü".repeat(70) + "a.txt")).to.equal(`${"-".repeat(59)}.txt`);
    expect(chainName(`a.${"y".repeat(80)}`)).to.equal(`a.${"y".repeat(61)}`);
    expect(chainName(`.${"z".repeat(80)}`)).to.equal(`.${"z".repeat(62)}`);
    for (const length of [63, 64, 200]) expect(chainName("n".repeat(length))).to.have.length(63);
  });

  it("is none where fewer than three characters, or none of meaning, are left", () => {
    for (const key of ["ab", "folder/", "folder/x", "…", "日本語", "..", "...", ""])
      expect(chainName(key), key).to.equal(undefined);
  });
});
