// Removes from dist what no source makes any more: the tests of a file that has moved would run a second time.
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

function prune(folder) {
  const place = join(root, "dist", folder);
  for (const entry of readdirSync(place, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Vite keeps its own folder clean.
    if (path === join("console", "page")) continue;
    const made = /^(.*)(\.js|\.d\.ts|\.js\.map|\.wasm)$/.exec(path);
    if (entry.isDirectory()) prune(path);
    else if (made && !existsSync(join(root, made[1] + (made[2] === ".wasm" ? ".wat" : ".ts"))))
      rmSync(join(root, "dist", path));
  }
  if (readdirSync(place).length === 0) rmdirSync(place);
}

if (existsSync(join(root, "dist"))) prune(".");
