// Assembles src/**/*.wat into dist/src/**/*.wasm, where the compiled modules look for them.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import wabtReady from "wabt";

const source = new URL("../src/", import.meta.url);
const target = new URL("../dist/src/", import.meta.url);

const wabt = await wabtReady();
for (const name of await readdir(source, { recursive: true })) {
  if (!name.endsWith(".wat")) continue;
  const module = wabt.parseWat(name, await readFile(new URL(name, source), "utf8"), { simd: true });
  try {
    module.validate();
    const made = new URL(name.replace(/\.wat$/, ".wasm"), target);
    await mkdir(new URL(".", made), { recursive: true });
    await writeFile(made, module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
