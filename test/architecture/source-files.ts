import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Text of a file of this repository, by its path from the root, with slashes. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The folders and files directly in a folder. */
function entries(folder: string): { readonly folders: string[]; readonly files: string[] } {
  const paths = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  const isFolder = (path: string) => statSync(join(root, path)).isDirectory();
  return { folders: paths.filter(isFolder), files: paths.filter((path) => !isFolder(path)) };
}

/** Every TypeScript file below a folder. */
export function sources(folder: string): string[] {
  const { folders, files } = entries(folder);
  return [...files.filter((path) => path.endsWith(".ts")), ...folders.flatMap(sources)];
}

/** Every folder below a folder, each without that folder's name. */
export function foldersBelow(folder: string): string[] {
  const below = (path: string): string[] => entries(path).folders.flatMap((inner) => [inner, ...below(inner)]);
  return below(folder).map((path) => path.slice(folder.length + 1));
}

/** What a file imports, type imports included: a package as it is named, a file by its path from the root. */
export function importsOf(file: string): string[] {
  const text = textOf(file);
  return [
    ...text.matchAll(/^\s*(?:import|export)\s(?:[^;]*?\sfrom\s)?"([^"]+)"/gm),
    ...text.matchAll(/\bimport\("([^"]+)"\)/g),
  ].map(([, target = ""]) => resolved(file, target));
}

/** A relative target of an import in `file` as a path from the root, in the name that it has before it is compiled. */
export function resolved(file: string, target: string): string {
  return target.startsWith(".") ? posix.join(posix.dirname(file), target).replace(/\.js$/, ".ts") : target;
}

/**
 * Circles in a graph of imports, each as its files in the order of the imports, the first one repeated at the end. Empty
 * exactly when there are none; of circles that share imports, not each one is listed.
 */
export function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}
