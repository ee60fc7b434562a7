import { expect } from "chai";
import pg from "pg";
import {
  commitFailure,
  ConnectionLost,
  mayRunAgain,
  sorted,
  translated,
} from "../../../src/catalog/postgres/failures.js";
import { DomainError } from "../../../src/model/errors.js";

const answer = (code: string) => Object.assign(new pg.DatabaseError("of the server", 0, "error"), { code });
const ofSocket = (code: string) => Object.assign(new Error(`write ${code}`), { code });
const kindOf = (error: unknown) => (error instanceof DomainError ? error.kind : String(error));

describe("Failures of PostgreSQL", () => {
  for (const code of ["EPIPE", "EPERM", "EBUSY", "ECONNRESET", "ETIMEDOUT"])
    it(`of the connection are no answers of the server, whatever their code looks like: ${code}`, () => {
      const error = sorted(ofSocket(code));
      expect(error).to.be.instanceOf(ConnectionLost);
      expect(kindOf(translated(error))).to.equal("dependencyUnavailable");
      expect(mayRunAgain(error)).to.equal(false);
      expect(commitFailure(error)).to.have.property("message").that.includes("not known whether it was made");
    });

  for (const code of ["08006", "57P01", "58030", "XX000", "25P03"])
    it(`after which a connection is not used again count as its loss: ${code}`, () => {
      expect(sorted(answer(code))).to.be.instanceOf(ConnectionLost);
    });

  for (const code of ["53300", "57014", "25006", "28P01", "3D000"])
    it(`that end by themselves are told as such: ${code}`, () => {
      expect(kindOf(translated(sorted(answer(code))))).to.equal("dependencyUnavailable");
    });

  it("of a full disk are told as such", () => {
    expect(kindOf(translated(sorted(answer("53100"))))).to.equal("storageFull");
  });

  for (const code of ["40001", "40P01"])
    it(`of transactions in each other's way let them run again: ${code}`, () => {
      expect(mayRunAgain(sorted(answer(code)))).to.equal(true);
    });

  it("of a statement stay as they are", () => {
    const error = answer("23505");
    expect(translated(sorted(error))).to.equal(error);
  });
});
