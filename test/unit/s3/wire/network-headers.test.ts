import { expect } from "chai";
import type { CessAccount } from "../../../../src/model/account.js";
import { type CessFile, PLAIN } from "../../../../src/model/file.js";
import type { Fid } from "../../../../src/model/hash.js";
import { networkHeaders } from "../../../../src/s3/wire/network-headers.js";

const fid = "ab".repeat(32) as Fid;
const file: CessFile = { fid, size: 1, format: PLAIN, segments: [] };

describe("The headers of a file of the network", () => {
  const named = (fileName: string) =>
    networkHeaders({ fid, size: 1, file, owners: [{ account: "cOne" as CessAccount, fileName }] })["x-cess-file-name"];

  it("name its owners, ten at most, and the first one's name of it", () => {
    const owners = Array.from({ length: 12 }, (_, n) => ({ account: `c${n}` as CessAccount, fileName: `${n}.txt` }));
    expect(networkHeaders({ fid, size: 1, file, owners })).to.deep.equal({
      "x-cess-owner": "c0,c1,c2,c3,c4,c5,c6,c7,c8,c9",
      "x-cess-file-name": "0.txt",
    });
    expect(networkHeaders({ fid, size: 1, file, owners: [] })).to.deep.equal({
      "x-cess-owner": undefined,
      "x-cess-file-name": undefined,
    });
  });

  it("write a name that is no plain text as RFC 8187 does", () => {
    expect(named("a report (1).pdf")).to.equal("a report (1).pdf");
    expect(named("Übersicht.pdf")).to.equal("UTF-8''%C3%9Cbersicht.pdf");
    expect(named("a\r\nset-cookie: x")).to.equal("UTF-8''a%0D%0Aset-cookie%3A%20x");
    expect(named(" padded ")).to.equal("UTF-8''%20padded%20");
    expect(named("utf-8''x")).to.equal("UTF-8''utf-8%27%27x");
  });

  it("say that its deal is pending while it has no bytes", () => {
    const owners = [{ account: "cOne" as CessAccount }];
    expect(networkHeaders({ fid, size: 1, owners, reports: 3 })).to.include({ "x-cess-state": "pending" });
    expect(networkHeaders({ fid, size: 1, owners, file })).not.to.have.property("x-cess-state");
  });
});
