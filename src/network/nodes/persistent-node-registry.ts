import { backoffMs } from "../../async/backoff.js";
import type { CessAccount } from "../../model/account.js";
import type { ChainNode } from "../chain/chain.js";
import { DecayingHistogram } from "./decaying-histogram.js";
import { MassFailure } from "./mass-failure.js";
import { bestOf, quality } from "./node-quality.js";
import type { RegisteredNode, Direction, NodeRegistry, NodeExperience } from "./node-registry.js";
import { type OpenCause, NodeRecord } from "./node-record.js";
import type { NodeFailure } from "./nodes.js";
import { readRecords, RECORDS_KEY, SharedRecords } from "./shared-records.js";
import { NODE_REGISTRY_DEFAULTS, type NodeRegistryComponents, type NodeRegistrySettings } from "./registry-settings.js";

const NOBODY: ReadonlySet<string> = new Set();
/** Being hedged out counts as a failure after so many times what 95 in 100 of the node's own transfers took … */
const MUCH_SLOWER = 1.5;
/** … once it has made so many; what nine in ten of all nodes' took before that … */
const ENOUGH_TRANSFERS = 8;
/** … and never in less than this, in milliseconds. */
const LEAST_HEDGED_OUT_MS = 100;

/** A row of the admin table: what the chain says and what was experienced; either may be missing. */
export interface NodeRow extends NodeExperience {
  readonly account: string;
  readonly registered: boolean;
  readonly endpoint?: string;
  readonly state?: string;
  readonly operator?: string;
  readonly idleBytes?: number;
  readonly quality: number;
  readonly reports: number;
  readonly lastFailure?: string;
}

export interface NodeRegistryMetrics {
  readonly states: Readonly<Record<ChainNode["state"], number>>;
  readonly open: number;
  readonly halfOpen: number;
  readonly failures: number;
  readonly corrupt: number;
  readonly missedReports: number;
  readonly cooldowns: number;
}

export type CircuitState =
  { readonly kind: "closed" | "half-open" } | { readonly kind: "open"; readonly until: number };

interface Register {
  readonly at: number;
  readonly nodes: readonly ChainNode[];
}

/** The node registry in memory, saved from time to time. */
export class PersistentNodeRegistry implements NodeRegistry {
  private readonly components: NodeRegistryComponents;
  private readonly settings: NodeRegistrySettings;
  /** Least recently touched first. */
  private readonly records = new Map<string, NodeRecord>();
  private readonly gets = new DecayingHistogram();
  private readonly transfers: MassFailure;
  private readonly reports: MassFailure;
  private register: Register | undefined;
  private reading: { readonly at: number; readonly nodes: Promise<Register> } | undefined;
  /** Since the start; what records have is remembered longer, and forgotten with them. */
  private readonly counts = { failures: 0, corrupt: 0, missedReports: 0, cooldowns: 0 };
  private readonly shared: SharedRecords | undefined;
  private changed = false;
  private saving: Promise<void> = Promise.resolve();

  private constructor(components: NodeRegistryComponents, settings: Partial<NodeRegistrySettings>) {
    this.components = components;
    this.settings = { ...NODE_REGISTRY_DEFAULTS, ...settings };
    this.shared = components.shared && new SharedRecords(components.shared);
    this.transfers = new MassFailure(this.settings.mass);
    this.reports = new MassFailure(this.settings.mass);
  }

  /** With what was saved; what cannot be read is learned again. */
  static async open(
    components: NodeRegistryComponents,
    settings: Partial<NodeRegistrySettings> = {},
  ): Promise<PersistentNodeRegistry> {
    const registry = new PersistentNodeRegistry(components, settings);
    const saved = await components.store?.get(RECORDS_KEY).catch(() => undefined);
    for (const record of readRecords(saved)) registry.records.set(record.account, new NodeRecord(record));
    await registry.shared?.learn(registry.records, registry.settings.remembered).catch(() => undefined);
    registry.forgetOldest();
    return registry;
  }

  /** Without a store: for tests and simulations. */
  static inMemory(
    components: Omit<NodeRegistryComponents, "store">,
    settings: Partial<NodeRegistrySettings> = {},
  ): PersistentNodeRegistry {
    return new PersistentNodeRegistry(components, settings);
  }

  /**
   * Saves what was learned since the last time, and takes over what other processes have learned. Rejects with the store's
   * error; that others cannot be told is no error.
   */
  save(): Promise<void> {
    const { store } = this.components;
    const changed = this.changed;
    this.changed = false;
    if (!changed && !this.shared) return this.saving;
    const saving = this.saving.catch(() => undefined).then(() => this.exchange(changed));
    this.saving = saving;
    if (store && changed) saving.catch(() => (this.changed = true));
    return saving;
  }

  private async exchange(changed: boolean): Promise<void> {
    const { store } = this.components;
    // What cannot be told now is told the next time.
    await this.shared?.exchange(this.records, this.settings.remembered, changed).catch(() => undefined);
    if (changed)
      await store?.set(
        RECORDS_KEY,
        [...this.records].map(([account, record]) => record.save(account)),
      );
  }

  async nodes(notBefore = 0): Promise<readonly RegisteredNode[]> {
    const { nodes } = await this.read(Math.max(notBefore, this.components.clock.now() - this.settings.nodesFreshMs));
    const usual = this.usualPutSpeed();
    const spared = this.spared();
    return nodes.map((node) => {
      const record = this.records.get(node.account);
      const until = record && !spared.has(node.account) ? this.openUntil(record) : undefined;
      return { ...node, quality: quality(record, usual), ...(until !== undefined && { openUntil: until }) };
    });
  }

  experience(account: CessAccount): NodeExperience {
    return this.experienceOf(this.records.get(account) ?? new NodeRecord());
  }

  usualGetMs(): number | undefined {
    return this.gets.quantile(0.9);
  }

  succeeded(account: CessAccount, direction: Direction, bytes: number, ms: number): void {
    const record = this.touch(account);
    record.transferred(direction, bytes, ms);
    if (direction === "get") this.gets.add(ms);
    this.answered(account, record);
  }

  gaveRange(account: CessAccount): void {
    const record = this.touch(account);
    record.gave();
    this.answered(account, record);
  }

  failed(account: CessAccount, kind: NodeFailure["kind"], why: string, began = this.components.clock.now()): void {
    if (kind === "busy" || kind === "circuit-open" || kind === "no-ranges") return;
    const record = this.touch(account);
    if (kind === "unreachable" && this.isBlameless(account, record, began)) return;
    this.counts.failures++;
    record.failed(why, this.components.clock.now(), this.settings.failureHalfLifeMs);
    // A node that refuses or lacks a fragment does answer. A forbidden endpoint is not the node's failure.
    if (kind === "refused" || kind === "missing") this.answered(account, record);
    else if (kind === "unreachable" && !this.isOpen(record)) {
      record.failureStreak++;
      if (record.failureStreak >= this.settings.failures)
        this.openCircuit(record, "failures", record.failureStreak - this.settings.failures);
    }
  }

  troubledSince(time: number): boolean {
    return this.pausedSince(time) || this.transfers.since(time);
  }

  hedgedOut(account: CessAccount, direction: Direction, ms: number): void {
    if (this.pausedSince(this.components.clock.now() - ms)) return;
    const record = this.touch(account);
    const { count, p50Ms, p95Ms } = record.experience(direction);
    const usual = count >= ENOUGH_TRANSFERS ? p95Ms : direction === "get" ? this.usualGetMs() : undefined;
    // A transfer that was cancelled early says nothing of how long it would have taken.
    if (p50Ms === undefined || ms > p50Ms) record.transfers[direction].durations.add(ms);
    if (ms <= Math.max((usual ?? 0) * MUCH_SLOWER, LEAST_HEDGED_OUT_MS)) return;
    record.slowed(this.components.clock.now(), this.settings.failureHalfLifeMs);
  }

  gaveCorrupt(account: CessAccount): void {
    const record = this.touch(account);
    this.counts.failures++;
    this.counts.corrupt++;
    record.failed("gave bytes that are not the fragment", this.components.clock.now(), this.settings.failureHalfLifeMs);
    record.corrupt++;
    this.openCircuit(record, "corrupt", record.corrupt - 1);
  }

  reported(account: CessAccount): void {
    const record = this.touch(account);
    record.reports++;
    record.reportedAs(1);
    record.silenceStreak = 0;
    this.reports.succeeded(account, this.components.clock.now());
    // A report proves that a node keeps what it takes. It does not prove that it gives the right bytes.
    if (!this.isOpen(record) && record.open?.cause !== "corrupt") record.open = undefined;
  }

  missedReport(account: CessAccount): void {
    const record = this.touch(account);
    if (this.reports.failed(account, this.components.clock.now())) {
      for (const other of this.reports.failing()) this.pardon(other, "silence");
      return;
    }
    record.missedReports++;
    this.counts.missedReports++;
    record.reportedAs(0);
    record.lastFailure = "took fragments and did not report them";
    record.silenceStreak++;
    const excess = record.silenceStreak - this.settings.missedReports;
    if (excess >= 0 && !this.isOpen(record)) this.openCircuit(record, "silence", excess);
  }

  /**
   * Whether fragments may be given to the node now. A half-open circuit admits one transfer at a time: whoever is
   * admitted so calls `trialEnded` when it has ended.
   */
  admit(account: CessAccount): CircuitState {
    const record = this.records.get(account);
    if (!record?.open) return { kind: "closed" };
    const until = this.openUntil(record);
    if (until !== undefined) return this.spared().has(account) ? { kind: "closed" } : { kind: "open", until };
    if (record.trialRunning) return { kind: "open", until: this.components.clock.now() };
    record.trialRunning = true;
    return { kind: "half-open" };
  }

  trialEnded(account: CessAccount): void {
    const record = this.records.get(account);
    if (record) record.trialRunning = false;
  }

  /** Every registered node and every node with a record, the registered first. The chain is not asked. */
  table(): NodeRow[] {
    const registered = new Map((this.register?.nodes ?? []).map((node) => [node.account as string, node]));
    const usual = this.usualPutSpeed();
    return [...new Set([...registered.keys(), ...this.records.keys()])].map((account) => {
      const [node, record] = [registered.get(account), this.records.get(account)];
      return {
        account,
        registered: node !== undefined,
        ...(node && { endpoint: node.endpoint, state: node.state, idleBytes: Number(node.idleSpace) }),
        ...(node?.operator !== undefined && { operator: node.operator }),
        quality: quality(record, usual),
        reports: record?.reports ?? 0,
        ...(record?.lastFailure !== undefined && { lastFailure: record.lastFailure }),
        ...this.experienceOf(record ?? new NodeRecord()),
      };
    });
  }

  /** For the metrics page: nodes by state on chain, those with a circuit that is not closed, and counters since the start. */
  metrics(): NodeRegistryMetrics {
    const states: Record<ChainNode["state"], number> = {
      positive: 0,
      frozen: 0,
      lock: 0,
      exit: 0,
      offline: 0,
      other: 0,
    };
    for (const { state } of this.register?.nodes ?? []) states[state]++;
    let open = 0;
    let halfOpen = 0;
    for (const record of this.records.values()) {
      if (this.isOpen(record)) open++;
      else if (record.open) halfOpen++;
    }
    return { states, open, halfOpen, ...this.counts };
  }

  /** Callers share one read of the chain, provided that it began late enough. */
  private async read(notBefore: number): Promise<Register> {
    if (this.register && this.register.at >= notBefore) return this.register;
    if (this.reading && this.reading.at >= notBefore) return this.reading.nodes;
    const at = this.components.clock.now();
    const nodes = this.components.chain.nodes().then((read) => (this.register = { at, nodes: read }));
    const reading = { at, nodes };
    this.reading = reading;
    const ended = () => {
      if (this.reading === reading) this.reading = undefined;
    };
    nodes.then(ended, ended);
    return nodes;
  }

  /** The node answered, which closes a circuit that failures opened. */
  private answered(account: CessAccount, record: NodeRecord): void {
    this.transfers.succeeded(account, this.components.clock.now());
    record.failureStreak = 0;
    record.failingSince = undefined;
    if (record.open?.cause === "failures") record.open = undefined;
  }

  /** Whether a transfer that began then and got no answer says nothing of the node, but something of this gateway. */
  private isBlameless(account: CessAccount, record: NodeRecord, began: number): boolean {
    const now = this.components.clock.now();
    if (this.pausedSince(began)) return true;
    record.failingSince ??= now;
    const many = this.transfers.failed(account, now);
    if (!many) return false;
    for (const other of this.transfers.failing()) this.pardon(other, "failures");
    return !this.endures(record, now);
  }

  /** What a node did lately turns out to be what many did at once. */
  private pardon(account: string, cause: OpenCause): void {
    const record = this.records.get(account);
    if (!record || this.endures(record, this.components.clock.now())) return;
    if (cause === "failures") record.failureStreak = 0;
    else record.silenceStreak = 0;
    if (record.open?.cause === cause) record.open = undefined;
  }

  /** Nothing good has come of the node for long: that is its own trouble, whatever others do. */
  private endures({ failingSince }: NodeRecord, now: number): boolean {
    return failingSince !== undefined && now - failingSince >= this.settings.enduringMs;
  }

  private pausedSince(time: number): boolean {
    return this.components.pauses?.since(time) === true;
  }

  /**
   * Nodes in cooldown that are used all the same, because too few others are left to place a file: those that failed
   * before those that were silent, and these before those that gave corrupt bytes, each by their quality.
   */
  private spared(): ReadonlySet<string> {
    const positive = (this.register?.nodes ?? []).filter(({ state }) => state === "positive");
    const open = positive.flatMap(({ account }) => {
      const record = this.records.get(account);
      return record?.open && this.isOpen(record) ? [{ account, record, cause: record.open.cause }] : [];
    });
    const wanted = this.settings.leastAvailable - (positive.length - open.length);
    return wanted <= 0 || open.length === 0 ? NOBODY : bestOf(open, wanted, this.usualPutSpeed());
  }

  private openCircuit(record: NodeRecord, cause: OpenCause, doublings: number): void {
    const { firstCooldownMs: minMs, maxCooldownMs: maxMs } = this.settings;
    const ms = backoffMs({ minMs, maxMs }, doublings + 1);
    this.counts.cooldowns++;
    record.open = { until: Math.max(this.components.clock.now() + ms, record.open?.until ?? 0), cause };
  }

  private isOpen(record: NodeRecord): boolean {
    return this.openUntil(record) !== undefined;
  }

  private openUntil({ open }: NodeRecord): number | undefined {
    return open && open.until > this.components.clock.now() ? open.until : undefined;
  }

  private experienceOf(record: NodeRecord): NodeExperience {
    const until = this.openUntil(record);
    return {
      successRate: record.successRate,
      reportRate: record.reportRate,
      recentFailures: record.recentFailures(this.components.clock.now(), this.settings.failureHalfLifeMs),
      lagging: record.lagging,
      failures: record.failures,
      corrupt: record.corrupt,
      missedReports: record.missedReports,
      put: record.experience("put"),
      get: record.experience("get"),
      ...(until !== undefined && { openUntil: until }),
      halfOpen: record.open !== undefined && until === undefined,
    };
  }

  /** The median of what nodes take, in bytes a second. */
  private usualPutSpeed(): number | undefined {
    const speeds = [...this.records.values()]
      .flatMap(({ transfers }) => transfers.put.bytesPerSecond ?? [])
      .sort((a, b) => a - b);
    return speeds[speeds.length >> 1];
  }

  private touch(account: CessAccount): NodeRecord {
    const record = this.records.get(account) ?? new NodeRecord();
    this.records.delete(account);
    this.records.set(account, record);
    record.touchedAt = this.components.clock.now();
    this.changed = true;
    this.forgetOldest();
    return record;
  }

  private forgetOldest(): void {
    for (const account of this.records.keys()) {
      if (this.records.size <= this.settings.remembered) return;
      this.records.delete(account);
    }
  }
}
