import { z } from "zod";
import type { PageColumn } from "../store.js";

/** Rows of pages are read as arrays; members of JSON columns are taken out here, where the column has them. */
export function pageText(columns: readonly PageColumn[], query: string): string {
  const bound = columns.filter((column) => typeof column !== "string" && "unless" in column).length;
  let next = 0;
  const selected = columns.map((column) => {
    if (typeof column === "string") return `"${column}"`;
    if ("unless" in column) return `nullif("${column.unless}", $${++next})`;
    // Most rows' JSON lacks the member, and need not be sent.
    return `case when strpos("${column.json}", '"${column.members[0] ?? ""}"') > 0 then "${column.json}" end`;
  });
  const shifted = query.replace(/\$(\d+)/g, (_, index: string) => `$${Number(index) + bound}`);
  return `select ${selected.join(", ")} from (${shifted}) as page`;
}

const document = z.record(z.string(), z.unknown());

/** Puts the members in the place of the JSON text: one by itself, several as an array. */
export function unpackMembers(columns: readonly PageColumn[], rows: readonly unknown[][]): readonly unknown[][] {
  columns.forEach((column, at) => {
    if (typeof column === "string" || !("json" in column)) return;
    for (const row of rows) {
      const text = row[at];
      if (typeof text !== "string") continue;
      const found = document.parse(JSON.parse(text));
      const members = column.members.map((member) => found[member] ?? null);
      row[at] = members.length === 1 ? members[0] : members;
    }
  });
  return rows;
}
