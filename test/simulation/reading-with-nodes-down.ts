import type { World } from "./checks.js";

/** With any eight nodes gone and the cache lost, everything reads back. */
export async function readWithNodesDown(world: World & { readonly random: () => number }): Promise<void> {
  const { incarnation, nodes, random, clients, keys } = world;
  await incarnation!.services.cache.clear();
  incarnation!.services.retrieval.forgetObjects();
  const broken = nodes.nodes.filter(({ lastingFault }) => lastingFault);
  const others = nodes.nodes.filter(({ lastingFault }) => !lastingFault).sort(() => random() - 0.5);
  const gone = others.slice(0, Math.floor((9 - broken.length) * random()));
  for (const node of gone) node.fault = random() < 0.5 ? "down" : "lying";
  for (const client of clients) for (const key of keys) await client.verify(key);
  for (const node of gone) node.fault = undefined;
}
