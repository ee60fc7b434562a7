import type { Profiler } from "node:inspector";
import { KIB } from "../../src/model/sizes.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { floor } from "./peer-servers.js";
import { processorMsOf } from "../support/processor-time.js";
import { lanesOf, sendLanes } from "./raw-lanes.js";

const SMALL = { size: 4 * KIB, clients: 32, requests: 19_200 };

/** Layers of a request, and the folders and files of src whose time is theirs; the first that fits counts. */
const LAYERS: readonly (readonly [string, RegExp])[] = [
  ["signature", /\/src\/s3\/auth\//],
  ["permission", /\/src\/(gateway\/access\/|s3\/access-(request|rules)|model\/(policy|acl|public-access))/],
  ["catalog", /\/src\/(catalog|keys)\//],
  ["staging", /\/src\/(blobs|packing|files)\/|\/src\/streams\/file-chunks/],
  ["hashes", /\/src\/(gateway\/ingest|encoding|threads)\/|\/src\/model\/(checksum|digest|hash)/],
  ["answer", /\/src\/s3\/(send|xml-response|operations\/|wire\/)|\/src\/streams\//],
  ["head, route", /\/src\/s3\//],
  ["object", /\/src\//],
  ["Express", /\/node_modules\/(express|router|finalhandler)\//],
];

const OUTSIDE = "HTTP, sockets";
const COLLECTOR = "garbage collection";

/** Time of one thread by layer: what Node and libraries do counts for the frame of src that called them. Microseconds. */
export function timeByLayer({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const known = new Map<number, string>();
  const layerOf = (id: number): string => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { functionName, url } = byId.get(at)?.callFrame ?? { functionName: "", url: "" };
      if (functionName === "(idle)") return "";
      if (functionName === "(garbage collector)") return COLLECTOR;
      const layer = LAYERS.find(([, pattern]) => pattern.test(url))?.[0];
      if (layer !== undefined) return layer;
    }
    return OUTSIDE;
  };
  const times = new Map<string, number>();
  samples.forEach((sample, index) => {
    const layer = known.get(sample) ?? layerOf(sample);
    known.set(sample, layer);
    if (layer !== "") times.set(layer, (times.get(layer) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return times;
}

/**
 * What one small request is spent on, by layer: a CPU profile of the gateway's main thread while it serves 4 KiB requests,
 * beside what a bare node:http server needs for all of it. What the process needs beyond that thread is its other threads.
 * About 30 s.
 */
export async function benchLayers(): Promise<Figure[]> {
  const gateway = await GatewayUnderTest.start();
  const bare = await floor();
  const figures: Figure[] = [];
  try {
    const { port } = gateway.client;
    await gateway.client.send({ method: "PUT", path: "/bench" });
    for (const round of ["warm", "measured"])
      for (const method of ["PUT", "GET", "HEAD", "DELETE"] as const) {
        const work = { method, ...SMALL };
        const send = (to: number) => sendLanes(lanesOf(work, round, to), work, to);
        const before = processorMsOf(bare.pid);
        await send(bare.port);
        const least = processorMsOf(bare.pid) - before;
        await gateway.usage();
        await gateway.startProfile();
        await send(port);
        const times = timeByLayer(await gateway.endProfile());
        const { cpuMs } = await gateway.usage();
        if (round === "warm") continue;
        const own = [...times.values()].reduce((sum, us) => sum + us, 0) / 1000;
        const all = [...[...times].map(([layer, us]) => [layer, us / 1000] as const)];
        all.sort(([, one], [, other]) => other - one).push(["other threads", Math.max(cpuMs - own, 0)]);
        for (const [layer, ms] of [["all", cpuMs] as const, ...all])
          figures.push({
            what: `${method} 4 KiB, CPU of one: ${layer}`,
            ours: { value: (ms * 1000) / SMALL.requests, unit: "µs" },
            reference: { what: bare.name, value: (least * 1000) / SMALL.requests, unit: "µs" },
          });
      }
  } finally {
    await bare.end();
    await gateway.close();
  }
  return figures;
}
