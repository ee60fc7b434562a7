import { expect } from "chai";
import type { JsonColumn } from "../../../src/catalog/json-columns.js";
import {
  contentColumn,
  eventColumn,
  lockColumn,
  metadataColumn,
  partsColumn,
  tagsColumn,
} from "../../../src/catalog/json-columns.js";

/** Why a column cannot be read. */
function fault(column: JsonColumn<object>, text: string): string {
  try {
    column.unpack(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "it was read";
}

describe("JsonColumn", () => {
  it("keeps nothing of what has no members", () => {
    expect([tagsColumn.pack(undefined), tagsColumn.pack([]), contentColumn.pack({})]).to.deep.equal([null, null, null]);
    expect(tagsColumn.unpack(null)).to.equal(undefined);
  });

  it("gives back what was packed", () => {
    const parts = [
      { partNumber: 1, size: 0, checksum: { algorithm: "CRC32", type: "COMPOSITE", value: "AA==" } },
    ] as const;
    expect(partsColumn.unpack(partsColumn.pack(parts))).to.deep.equal(parts);
    const lock = { retention: { mode: "GOVERNANCE", until: 5 }, legalHold: "ON" } as const;
    expect(lockColumn.unpack(lockColumn.pack(lock))).to.deep.equal(lock);
  });

  it("keeps metadata of any name", () => {
    const text = '{"__proto__":"a","constructor":"b","":"c"}';
    expect(JSON.stringify(metadataColumn.unpack(text))).to.equal(text);
    expect(metadataColumn.pack(metadataColumn.unpack(text))).to.equal(text);
  });

  it("refuses damaged rows and those of another program, and names the column", () => {
    for (const text of ["", "{", "[1]", '[{"key":"a"}]', '[{"key":"a","value":"b","color":"c"}]', '{"key":"a"}'])
      expect(fault(tagsColumn, text), text).to.equal("the catalog has a row whose tags cannot be read");
    expect(fault(lockColumn, '{"retention":{"mode":"NONE","until":1}}')).to.contain("lock");
    expect(fault(metadataColumn, '{"a":1}')).to.contain("metadata");
    expect(fault(metadataColumn, '["a"]')).to.contain("metadata");
    expect(fault(metadataColumn, "null")).to.contain("metadata");
    expect(fault(eventColumn, '{"event":"s3:ObjectRemoved:Delete"}')).to.contain("event");
  });
});
