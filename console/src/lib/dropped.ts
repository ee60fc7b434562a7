/** A file, with its path below what was dropped or chosen. */
export interface Named {
  readonly name: string;
  readonly file: File;
}

/** Files of an input; of a folder with its name. */
export const chosen = (files: FileList | null): Named[] =>
  [...(files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }));

/** Files and folders that were dropped. Must be called within the event: its items are gone afterwards. */
export function dropped(transfer: DataTransfer): Promise<Named[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return Promise.resolve(chosen(transfer.files));
  return Promise.all(entries.map((entry) => filesOf(entry, ""))).then((all) => all.flat());
}

async function filesOf(entry: FileSystemEntry, path: string): Promise<Named[]> {
  const name = `${path}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Named[] = [];
  for (;;) {
    // A hundred at a time, as browsers give them.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesOf(each, `${name}/`)));
  }
}
