import type { HealthCheck } from "../../admin/health.js";
import type { Progress, Worker } from "../../background/worker.js";
import type { DiskSpace, DiskStatus } from "../../files/disk-space.js";
import type { Clock } from "../../model/clock.js";
import { MIB } from "../../model/sizes.js";

const INTERVAL_MS = 5_000;

export interface DiskCheckComponents {
  readonly space: Pick<DiskSpace, "status">;
  readonly clock: Clock;
}

const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;

/** Whether the disk has room for bodies. */
export class DiskCheck implements HealthCheck, Worker {
  readonly name = "disk";
  private full: DiskStatus | undefined;
  private failure: string | undefined;

  constructor(
    private readonly components: DiskCheckComponents,
    /** The folder on the disk, for messages. */
    private readonly folder: string,
  ) {}

  async step(): Promise<Progress> {
    const { space, clock } = this.components;
    try {
      const status = await space.status();
      // Bodies are refused before the last byte is taken, so a disk without room for a few of them is full. It stays so
      // until there is room for more, or it would be full by turns.
      const room = Math.max(MIB, status.reserve / 8);
      this.full = status.available < (this.full === undefined ? room : 2 * room) ? status : undefined;
      this.failure = undefined;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
    return { kind: "idle", until: clock.now() + INTERVAL_MS };
  }

  reason(): string | undefined {
    if (this.failure !== undefined) return `the disk of ${this.folder} cannot be measured: ${this.failure}`;
    if (this.full === undefined) return undefined;
    const { free, inFlight, reserve } = this.full;
    const promised = inFlight > 0 ? ` (${mebibytes(inFlight)} of them for bodies on their way)` : "";
    return (
      `the disk of ${this.folder} has ${mebibytes(free)} free${promised} and keeps ${mebibytes(reserve)} in reserve: ` +
      "writes are answered InsufficientStorage; delete objects or other files, or use a larger disk"
    );
  }
}
