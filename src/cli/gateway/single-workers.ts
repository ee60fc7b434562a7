import { Singleton, type SingletonComponents } from "../../background/singleton.js";
import type { Worker } from "../../background/worker.js";
import type { Catalog, Lock } from "../../catalog/catalog.js";

/** Workers of which one runs over all gateways of a catalog. Where the catalog is not shared nothing is leased. */
export class SingleWorkers {
  private readonly singletons = new Map<string, Singleton<Lock>>();

  constructor(
    private readonly components: { readonly catalog: Catalog } & Omit<SingletonComponents<Lock>, "locks">,
    private readonly settings: { readonly leaseMs: number },
  ) {}

  /** The catalog that the worker of this name is to write to: only the one that has the lock can. */
  catalogOf(worker: string): Catalog {
    const { catalog } = this.components;
    return catalog.shared ? catalog.fenced(this.singleton(worker).held) : catalog;
  }

  /** By worker: 1 where this gateway runs it, and 0 where another one does. Nothing where the catalog is not shared. */
  held(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.singletons].map(([worker, { isHeld }]) => [worker, Number(isHeld)]));
  }

  run(worker: Worker): Worker {
    return this.components.catalog.shared ? this.singleton(worker.name).run(worker) : worker;
  }

  private singleton(worker: string): Singleton<Lock> {
    const known = this.singletons.get(worker);
    if (known) return known;
    const { catalog, clock, log } = this.components;
    const singleton = new Singleton(`worker:${worker}`, { locks: catalog.locks, clock, log }, this.settings);
    this.singletons.set(worker, singleton);
    return singleton;
  }
}
