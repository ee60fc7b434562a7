import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openAuditLog, processUser } from "../../../src/cli/audit.js";

describe("The audit log of a data folder", () => {
  let folder: string;
  let lines: { readonly level: string; readonly fields: object }[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-audit-"));
    lines = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const log = {
    info: (fields: object) => void lines.push({ level: "info", fields }),
    error: (fields: object) => void lines.push({ level: "error", fields }),
  };
  const record = { act: "POST", by: processUser(), subject: "/packs/flush", result: "202" };

  it("has a line with the time for each act, for its owner alone, and so has the program's log", async () => {
    const audit = openAuditLog(folder, log);
    await audit.record(record);
    await audit.record({ ...record, details: { name: "two\nlines" } });
    const path = join(folder, "audit.log");
    const [first, second] = readFileSync(path, "utf8").trimEnd().split("\n");
    const { time, ...rest } = JSON.parse(first ?? "") as { time: string };
    expect(rest).to.deep.equal(record);
    expect(Math.abs(Date.now() - Date.parse(time))).to.be.lessThan(600_000);
    expect(second).to.contain('"details":{"name":"two\\nlines"}');
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(lines[0]).to.deep.equal({ level: "info", fields: { audit: record } });
  });

  it("tells the program's log what it cannot write, and does not stop the act", async () => {
    await openAuditLog(join(folder, "absent"), log).record(record);
    expect(lines.map(({ level }) => level)).to.deep.equal(["info", "error"]);
    expect(lines[1]?.fields).to.have.property("audit", record);
  });
});
