import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { GIB } from "../../src/model/sizes.js";
import { benchCodec } from "./codec.js";
import { benchCompletion } from "./completion.js";
import { met, ratio, table, type Bench, type Figure } from "./figure.js";
import { benchEgress } from "./egress.js";
import { benchIngest } from "./ingest.js";
import { benchListing } from "./listing.js";
import { benchMemory } from "./memory.js";
import { benchNetwork } from "./network.js";
import { benchPreprocessing } from "./preprocessing.js";
import { benchRetrieval } from "./retrieval.js";
import { benchSmallObjects } from "./small-objects.js";
import { benchStored } from "./stored.js";

const RESULT = resolve("bench.json");

const benches: Readonly<Record<string, Bench>> = {
  codec: benchCodec,
  preprocessing: benchPreprocessing,
  ingest: benchIngest,
  completion: benchCompletion,
  small: benchSmallObjects,
  egress: benchEgress,
  listing: benchListing,
  retrieval: benchRetrieval,
  memory: benchMemory,
  network: benchNetwork,
  stored: benchStored,
};

/** `npm run bench [-- NAME… --objects N]`: all of them, or those named; a table for people and bench.json for programs. */
async function main(args: readonly string[]): Promise<void> {
  const { positionals: names, values } = parseArgs({ args: [...args], allowPositionals: true, options: { objects: { type: "string", default: "100" } } });
  const objects = Number(values.objects);
  if (!Number.isSafeInteger(objects) || objects < 1) throw new RangeError("--objects is a number of objects, at least 1");
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(", ")}: there are ${Object.keys(benches).join(", ")}`);
  const results: Record<string, Figure[]> = {};
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    results[name] = await bench({ objects });
  }
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model ?? "", memoryGib: Math.round(totalmem() / GIB), node: process.version };
  const date = new Date().toISOString();
  console.log(`\n${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, Node ${machine.node}, ${date}\n`);
  console.log(table(Object.values(results).flat()));
  const measured = Object.entries(results).map(([name, figures]) =>
    [name, figures.map((figure) => ({ ...figure, ratio: ratio(figure), met: met(figure) }))] as const);
  await writeFile(RESULT, `${JSON.stringify({ date, machine, benches: Object.fromEntries(measured) }, null, 2)}\n`);
  console.log(`\n${RESULT}`);
}

await main(process.argv.slice(2));
