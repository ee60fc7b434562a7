import { expect } from "chai";
import { gunzipSync, gzipSync } from "node:zlib";
import { compressed, JournalReader, type JournalEnd, type JournalHead } from "../../../src/journal/journal-text.js";
import { JournalDamaged } from "../../../src/journal/journal-damaged.js";
import type { JournalUnit } from "../../../src/model/journal-unit.js";
import { collect } from "../../support/collect.js";

const head: JournalHead = {
  type: "cess-s3-journal",
  version: 1,
  stream: "00ff00ff",
  number: 7,
  snapshot: true,
  previous: null,
  schema: "0028_journal_expand",
  begunAt: "2026-11-29T00:00:00.000Z",
};
const units: JournalUnit[] = [
  { unit: "bucket", key: "box", rows: { buckets: [{ name: "box", created_at: 5 }] } },
  {
    unit: "version",
    key: 9,
    rows: { versions: [{ id: 9, key: 'ü\u0001\n"', size: 2 ** 50, tags: null }], extents: [] },
  },
  { unit: "file", key: 2 },
];
const end = (count: number): JournalEnd => ({
  end: true,
  units: count,
  whole: true,
  readAt: "2026-11-29T00:00:01.000Z",
});

async function* linesOf(lines: readonly (JournalHead | JournalUnit | JournalEnd)[]) {
  for (const line of lines) yield await Promise.resolve(line);
}
async function* of(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
const text = () => collect(compressed(linesOf([head, ...units, end(3)])));

async function read(bytes: Uint8Array) {
  const reader = await JournalReader.open(of(bytes));
  const found: JournalUnit[] = [];
  const reading = reader.units();
  for (;;) {
    const next = await reading.next();
    if (next.done === true) return { head: reader.head, units: found, end: next.value };
    found.push(next.value);
  }
}
const fault = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("A journal's text", () => {
  it("gives back head, units and end", async () => {
    expect(await read(await text())).to.deep.equal({ head, units, end: end(3) });
  });

  it("is refused when it was cut off, at any byte", async () => {
    const bytes = await text();
    for (let length = 0; length < bytes.length; length++)
      expect(await fault(read(bytes.subarray(0, length))), `${length}`).to.be.instanceOf(JournalDamaged);
  });

  it("is refused without its end, with a wrong number of units, and with lines that are none", async () => {
    const lines = gunzipSync(await text())
      .toString()
      .trimEnd()
      .split("\n");
    const refused = async (...changed: string[]) =>
      expect(await fault(read(gzipSync(`${changed.join("\n")}\n`))), changed.join(" | ")).to.be.instanceOf(
        JournalDamaged,
      );
    await refused(...lines.slice(0, -1));
    await refused(...lines.slice(0, 2), lines.at(-1)!);
    await refused(...lines.slice(0, 2), "no JSON", ...lines.slice(2));
    await refused(...lines.slice(0, 2), '{"unit":"planet","key":1}', lines.at(-1)!);
    await refused(lines[0]!.replace('"version":1', '"version":2'), ...lines.slice(1));
    await refused(...lines.slice(1));
  });

  it("passes the failure of whoever gives its lines on", async () => {
    async function* failing(): AsyncGenerator<JournalHead> {
      yield await Promise.resolve(head);
      throw new Error("the catalog is away");
    }
    expect(await fault(collect(compressed(failing())))).to.have.property("message", "the catalog is away");
  });
});
