import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { GIB } from "../../src/model/sizes.js";
import { benchBackground } from "./background.js";
import { benchCodec } from "./codec.js";
import { benchCompletion } from "./completion.js";
import { markdown, met, ratio, table, type Bench, type Figure } from "./figure.js";
import { benchEgress } from "./egress.js";
import { benchIngest } from "./ingest.js";
import { benchJournal } from "./journal.js";
import { benchLifecycle } from "./lifecycle.js";
import { benchLayers } from "./layers.js";
import { benchListing } from "./listing.js";
import { benchMemory } from "./memory.js";
import { benchMixed } from "./mixed.js";
import { benchNetwork } from "./network.js";
import { benchPacks } from "./packs.js";
import { benchPeers } from "./peers.js";
import { benchPostgres } from "./postgres.js";
import { benchPreprocessing } from "./preprocessing.js";
import { benchRetrieval } from "./retrieval.js";
import { benchRows } from "./rows.js";
import { benchSmallObjects } from "./small-objects.js";
import { benchStaging } from "./staging.js";
import { benchStored } from "./stored.js";
import { benchTails } from "./tails.js";
import { benchWorkers } from "./workers.js";

const RESULT = resolve("bench.json");

const benches: Readonly<Record<string, Bench>> = {
  codec: benchCodec,
  preprocessing: benchPreprocessing,
  ingest: benchIngest,
  completion: benchCompletion,
  small: benchSmallObjects,
  peers: benchPeers,
  layers: benchLayers,
  staging: benchStaging,
  tails: benchTails,
  egress: benchEgress,
  listing: benchListing,
  lifecycle: benchLifecycle,
  retrieval: benchRetrieval,
  memory: benchMemory,
  network: benchNetwork,
  stored: benchStored,
  background: benchBackground,
  packs: benchPacks,
  mixed: benchMixed,
  workers: benchWorkers,
  postgres: benchPostgres,
  rows: benchRows,
  journal: benchJournal,
};

interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly node: string;
}

type Measured = Figure & { readonly ratio: number; readonly met?: boolean | undefined };

interface Result {
  readonly machine: Machine;
  readonly benches: Readonly<Record<string, { readonly date: string; readonly figures: readonly Measured[] }>>;
}

/**
 * `npm run bench [-- NAME… --objects N --docs]`: all of them, or those named; a table for people and bench.json for
 * programs. What bench.json has of other benches on the same machine stays in it. `--docs` writes it all into
 * docs/benchmarks.md, a table for each machine.
 */
async function main(args: readonly string[]): Promise<void> {
  const options = { objects: { type: "string", default: "100" }, docs: { type: "boolean", default: false } } as const;
  const { positionals: names, values } = parseArgs({ args: [...args], allowPositionals: true, options });
  const objects = Number(values.objects);
  if (!Number.isSafeInteger(objects) || objects < 1)
    throw new RangeError("--objects is a number of objects, at least 1");
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0)
    throw new Error(`no bench ${unknown.join(", ")}: there are ${Object.keys(benches).join(", ")}`);
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "",
    memoryGib: Math.round(totalmem() / GIB),
    node: process.version,
  };
  const before = await earlier(machine);
  const results: Record<string, Figure[]> = {};
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    results[name] = await bench({ objects });
  }
  const date = new Date().toISOString();
  console.log(`\n${shape(machine)}, ${date}\n`);
  console.log(table(Object.values(results).flat()));
  const measured = Object.entries(results).map(
    ([name, figures]) =>
      [
        name,
        { date, figures: figures.map((figure) => ({ ...figure, ratio: ratio(figure), met: met(figure) })) },
      ] as const,
  );
  const result: Result = { machine, benches: { ...before, ...Object.fromEntries(measured) } };
  await writeFile(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\n${RESULT}`);
  if (values.docs) await updateDocs(result);
}

const shape = ({ cores, cpu, memoryGib, node }: Machine) => `${cores} cores (${cpu}), ${memoryGib} GiB, Node ${node}`;

async function earlier(machine: Machine): Promise<Result["benches"]> {
  const text = await readFile(RESULT, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  const { machine: other, benches: known } = JSON.parse(text) as Partial<Result>;
  return isDeepStrictEqual(other, machine) ? (known ?? {}) : {};
}

const PAGE = resolve("docs/benchmarks.md");
const SECTION = /(<!-- bench:[^\n]*-->\n)(.*?)(<!-- \/bench -->)/s;

/** The table of this machine; those of others stay. */
async function updateDocs({ machine, benches: measured }: Result): Promise<void> {
  const known = Object.keys(benches).flatMap((name) => measured[name] ?? []);
  const days = [...new Set(known.map(({ date }) => date.slice(0, 10)))].sort().join(", ");
  const begin = `On ${shape(machine)};`;
  const own = `${begin} ${days}.\n\n${markdown(known.flatMap(({ figures }) => figures))}\n\n`;
  const text = await readFile(PAGE, "utf8");
  if (!SECTION.test(text)) throw new Error("docs/benchmarks.md has no section for the benches");
  const replaced = text.replace(SECTION, (_, start: string, tables: string, end: string) => {
    const others = tables.split(/^(?=On )/m).filter((each) => each.trim() !== "" && !each.startsWith(begin));
    return `${start}${[...others.map((each) => `${each.trimEnd()}\n\n`), own].join("").trimEnd()}\n${end}`;
  });
  await writeFile(PAGE, replaced);
}

await main(process.argv.slice(2));
