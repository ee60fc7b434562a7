import { randomFillSync } from "node:crypto";
import { KIB } from "../../src/model/sizes.js";
import { serverPostgres, TEST_POSTGRES } from "../support/postgres.js";
import { BENCH_KEY } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { fillStatement } from "./fill-catalog.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { KEYS, measureListing, PREFIXES } from "./listing.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const SIZE = 4 * KIB;
const CLIENTS = 32;
const OBJECTS = 3200;
/** In the first, code is compiled and statements are prepared. */
const ROUNDS = 5;
const KEYS_PER_SECOND = 100_000;

interface Puts {
  readonly cpuMs: number;
  readonly perSecond: number;
}

/** 4 KiB PUTs of new keys, 32 clients: the best round. */
async function measurePuts(gateway: GatewayUnderTest): Promise<Puts> {
  const body = randomFillSync(Buffer.alloc(SIZE));
  const { port } = gateway.client;
  let cpuMs = Infinity;
  let perSecond = 0;
  await gateway.client.send({ method: "PUT", path: "/puts" });
  for (let round = 0; round < ROUNDS; round++) {
    await gateway.usage();
    const lanes = Array.from({ length: CLIENTS }, (_, lane) =>
      Array.from({ length: OBJECTS / CLIENTS }, (__, n) =>
        rawRequest("PUT", `/puts/${round}-${lane}-${n}`, `127.0.0.1:${port}`, {}, body),
      ),
    );
    const began = performance.now();
    await Promise.all(lanes.map((requests) => readRaw(port, requests, 0)));
    perSecond = Math.max(perSecond, (OBJECTS * 1000) / (performance.now() - began));
    cpuMs = Math.min(cpuMs, (await gateway.usage()).cpuMs / OBJECTS);
  }
  return { cpuMs, perSecond };
}

/**
 * The catalog in PostgreSQL against the embedded one: PUT of 4 KiB, and pages of a bucket of a million keys. Needs a server
 * whose user may create schemas, in TEST_POSTGRES; without one nothing is measured.
 */
export async function benchPostgres(): Promise<Figure[]> {
  if (TEST_POSTGRES === undefined) {
    process.stderr.write("  TEST_POSTGRES names no server: not measured\n");
    return [];
  }
  const embedded = await GatewayUnderTest.start();
  const ours = await measurePuts(embedded).finally(() => embedded.close());
  const database = await serverPostgres(TEST_POSTGRES);
  const gateway = await GatewayUnderTest.start({ database: database.settings });
  try {
    const puts = await measurePuts(gateway);
    await gateway.client.send({ method: "PUT", path: "/bench" });
    await database.run(fillStatement("bench", BENCH_KEY.account.id, KEYS, KEYS / PREFIXES));
    await database.run("vacuum analyze versions");
    const listing = await measureListing(gateway, KEYS_PER_SECOND, ", PostgreSQL");
    return [
      {
        what: "CPU of one PUT of 4 KiB, PostgreSQL",
        ours: { value: puts.cpuMs, unit: "ms" },
        reference: { what: "SQLite", value: ours.cpuMs, unit: "ms" },
        wanted: { atMost: 1.3 },
      },
      {
        what: `PUT 4 KiB, ${CLIENTS} clients, PostgreSQL`,
        ours: { value: puts.perSecond, unit: "/s" },
        reference: { what: "SQLite", value: ours.perSecond, unit: "/s" },
      },
      ...listing,
    ];
  } finally {
    await gateway.close();
    await database.end();
  }
}
