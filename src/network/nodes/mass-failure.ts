export interface MassFailureSettings {
  /** Outcomes older than this do not count, ms. */
  readonly windowMs: number;
  /** So many nodes at least, and half of those asked, must have failed. */
  readonly nodes: number;
}

/**
 * Notices when many nodes fail at once. They have little in common but this gateway and its connection, so that is where
 * the trouble is.
 */
export class MassFailure {
  /** By node: how its last transfer ended. Oldest first. */
  private readonly outcomes = new Map<string, { readonly ok: boolean; readonly at: number }>();
  private lastAt = -Infinity;

  constructor(private readonly settings: MassFailureSettings) {}

  succeeded(node: string, now: number): void {
    this.add(node, true, now);
  }

  /** Whether so many have failed with this one that it counts against none of them. */
  failed(node: string, now: number): boolean {
    this.add(node, false, now);
    const failed = this.failing().length;
    if (failed < this.settings.nodes || failed * 2 < this.outcomes.size) return false;
    this.lastAt = now;
    return true;
  }

  /** Nodes whose last transfer failed, of those asked lately. */
  failing(): string[] {
    return [...this.outcomes].flatMap(([node, { ok }]) => (ok ? [] : [node]));
  }

  /** Whether many failed at once at any time since `time`. */
  since(time: number): boolean {
    return this.lastAt >= time;
  }

  private add(node: string, ok: boolean, at: number): void {
    this.outcomes.delete(node);
    this.outcomes.set(node, { ok, at });
    for (const [other, outcome] of this.outcomes) {
      if (outcome.at > at - this.settings.windowMs) return;
      this.outcomes.delete(other);
    }
  }
}
