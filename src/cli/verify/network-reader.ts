import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../async/system-clock.js";
import { TieredCache } from "../../cache/tiered-cache.js";
import { ThreadEncoder } from "../../encoding/thread-encoder.js";
import { MIB } from "../../model/sizes.js";
import { signerFromMnemonic } from "../../network/chain/accounts.js";
import { CessChain } from "../../network/chain/chain-client.js";
import type { ChainSession } from "../../network/chain/chain-session.js";
import { HttpNodes } from "../../network/nodes/http-nodes.js";
import { LimitedNodes } from "../../network/nodes/limited-nodes.js";
import { MeasuredNodes } from "../../network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../network/nodes/persistent-node-registry.js";
import { NetworkRetrieval } from "../../retrieval/network-retrieval.js";

/** Fragments of a few segments: a rebuild reads the beginnings of journals twice. */
const MEMORY_BYTES = 256 * MIB;

/**
 * Reads from the storage nodes without a gateway, its cache or an account: nodes want each request signed, by whomever,
 * so the key is made here and forgotten.
 */
export async function* withNetworkReader<T>(
  session: ChainSession,
  { allowPrivate }: { readonly allowPrivate: boolean },
  work: (retrieval: NetworkRetrieval) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const folder = await mkdtemp(join(tmpdir(), "cess-s3-verify-"));
  const encoder = new ThreadEncoder();
  const chain = new CessChain({ session, signer: await signerFromMnemonic(`0x${randomBytes(32).toString("hex")}`) });
  const http = new HttpNodes({ signer: chain }, { allowPrivate });
  const cache = new TieredCache(
    { verify: (bytes, hash) => encoder.verify(bytes, hash) },
    { folder, memoryBytes: MEMORY_BYTES, diskBytes: 0 },
  );
  try {
    const clock = systemClock;
    const registry = PersistentNodeRegistry.inMemory({ chain, clock });
    const nodes = new LimitedNodes({ nodes: new MeasuredNodes({ nodes: http, registry, clock }) });
    yield* work(new NetworkRetrieval({ chain, nodes, registry, cache, encoder, clock }));
  } finally {
    await cache.close();
    await http.close();
    await chain.close();
    await encoder.close();
    await rm(folder, { recursive: true, force: true });
  }
}
