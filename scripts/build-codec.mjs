// Assembles src/encoding/*.wat into dist/src/encoding/*.wasm, where the compiled codec looks for it.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import wabtReady from "wabt";

const source = new URL("../src/encoding/", import.meta.url);
const target = new URL("../dist/src/encoding/", import.meta.url);

const wabt = await wabtReady();
await mkdir(target, { recursive: true });
for (const name of await readdir(source)) {
  if (!name.endsWith(".wat")) continue;
  const module = wabt.parseWat(name, await readFile(new URL(name, source), "utf8"), { simd: true });
  try {
    module.validate();
    await writeFile(new URL(name.replace(/\.wat$/, ".wasm"), target), module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
