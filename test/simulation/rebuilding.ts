import { TieredCache } from "../../src/cache/tiered-cache.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import { Rebuild, type RebuildReport } from "../../src/journal/rebuild.js";
import { JOURNAL_KEYS } from "../../src/journal/sealed-journal.js";
import { CATALOG_MARK } from "../../src/maintenance/catalog-guard.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import { FinalizedWatermark } from "../../src/network/chain/finalized-watermark.js";
import { LimitedNodes } from "../../src/network/nodes/limited-nodes.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval } from "../../src/retrieval/network-retrieval.js";
import { InProcessEncoder } from "./in-process-encoder.js";
import type { Surroundings } from "./incarnation.js";
import { SCHEMA } from "./kept-journal.js";
import { setMachine, type Machine } from "./machine.js";
import { Owner } from "./scheduler.js";
import { SimulatedChain } from "./simulated-chain.js";

/** One process of `cess-s3 rebuild`, composed as the command does, over an empty disk and the simulated network. */
export class Rebuilding {
  readonly owner: Owner;
  readonly machine: Machine;

  /** `path`: the catalog that is to be made. */
  constructor(
    private readonly world: Surroundings,
    private readonly path: string,
    number: number,
  ) {
    this.owner = new Owner(world.scheduler, `rebuild ${number}`);
    this.machine = {
      owner: this.owner,
      disk: world.disk,
      random: world.random,
      catalogSynced: 0,
      connections: new Set(),
      diskMs: () => 0.1 + 20 * world.random() ** 6,
    };
  }

  /** Rejects as the command does; never settles when it is killed. */
  async run(): Promise<RebuildReport> {
    const { world, owner, path } = this;
    const { random, accounts, secrecy } = world;
    const account = [...accounts.values()][0]!;
    const clock = owner;
    setMachine(this.machine);
    const keys = secrecy.nextKeys();
    const catalog = await openSqliteCatalog({ clock, sealer: keys }, { path, maxBatchMs: Infinity, checkpointRows: 0 });
    try {
      const watermark = FinalizedWatermark.inMemory();
      const chain = new SimulatedChain(world.chain, owner, world.trouble, random, watermark);
      const encoder = new InProcessEncoder(
        owner,
        random,
        () => undefined,
        () => Promise.resolve(false),
      );
      const registry = PersistentNodeRegistry.inMemory({ chain, clock });
      const nodes = new LimitedNodes({
        nodes: new MeasuredNodes({ nodes: world.nodes.seenBy(owner), registry, clock }),
      });
      const cache = new TieredCache(
        { verify: (bytes, hash) => encoder.verify(bytes, hash) },
        { folder: "/rebuild", memoryBytes: 0, diskBytes: 0 },
      );
      const retrieval = new NetworkRetrieval(
        { chain, nodes, registry, cache, encoder, clock },
        {
          readAheadBytes: 3 * FRAGMENT_SIZE,
          heldBytes: 16 * FRAGMENT_SIZE,
          fetchBytes: 8 * FRAGMENT_SIZE,
          raceBytes: 24 * FRAGMENT_SIZE,
          objectCacheBytes: 2 * FRAGMENT_SIZE,
        },
      );
      const report = await new Rebuild({
        ...{ catalog, chain, retrieval, files: retrieval.files },
        keys: keys.derive(JOURNAL_KEYS),
        names: new OrderNames(keys.derive(ORDER_NAMES)),
        schemas: [SCHEMA],
        accounts: () => Promise.resolve({ owner: (id: string) => accounts.get(id), all: [...accounts.values()] }),
        clock,
        progress: () => undefined,
      }).run(account);
      world.store.set(CATALOG_MARK, await catalog.mark.advance());
      return report;
    } finally {
      await catalog.close();
      this.owner.alive = false;
    }
  }

  kill(): void {
    this.owner.alive = false;
    for (const connection of [...this.machine.connections]) connection.close();
  }
}
