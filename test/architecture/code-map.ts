/** What ARCHITECTURE.md's code map says of one folder of src. */
export interface FolderRow {
  /** Folders, or `folder/file` for that one file. */
  readonly mayImport: readonly string[] | "everything";
  /**
   * What is directly in the folder, by name, from the lowest layer to the highest; empty where the row states no order.
   * What is in one layer does not import each other.
   */
  readonly layers: readonly (readonly string[])[];
}

export type CodeMap = ReadonlyMap<string, FolderRow>;

const HEAD = "| folder | duty | may import |";

/** Reads the table of folders from ARCHITECTURE.md. Throws Error that names the row which it cannot read. */
export function readCodeMap(markdown: string): CodeMap {
  const [, table] = markdown.split(`${HEAD}\n`);
  if (table === undefined) throw new Error(`ARCHITECTURE.md has no table with the head ${HEAD}`);
  const [, ...lines] = table.slice(0, table.search(/^(?!\|)/m)).split("\n");
  return new Map(lines.filter((line) => line !== "").map(readRow));
}

function readRow(line: string): [string, FolderRow] {
  const [folder = "", duty = "", permitted = "", ...more] = line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
  const [name, ...others] = names(folder);
  if (name === undefined || others.length > 0 || more.length > 0) throw new Error(`not a row of the code map: ${line}`);
  const [, order] = duty.split("in this order: ");
  // Words in brackets say what a layer is for.
  const layers =
    order
      ?.replace(/\([^)]*\)/g, "")
      .split(",")
      .map(names) ?? [];
  return [name, { mayImport: readPermissions(permitted, line), layers }];
}

function readPermissions(cell: string, line: string): FolderRow["mayImport"] {
  if (cell === "everything") return cell;
  if (cell === "–") return [];
  if (!/^`[^`]+`(, `[^`]+`)*$/.test(cell)) throw new Error(`what may be imported cannot be read: ${line}`);
  return names(cell);
}

const names = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
