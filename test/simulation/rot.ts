import { seededRandom } from "../support/seeded-random.js";
import type { Owner } from "./scheduler.js";
import type { SimulatedDisk, SimulatedFile } from "./simulated-disk.js";

/** Chosen so that the seeds remembered from before disks rotted have none: they run as they did. */
const SALT = 9_001_027;

/** A disk that changes what it was given to keep: now and then a bit of a staged blob flips. Its dice are its own. */
export class Rot {
  /** Whether the run has any. */
  readonly used: boolean;
  /** Files of which something was changed. */
  readonly harmed = new Set<string>();
  private readonly random: () => number;

  constructor(
    seed: number,
    private readonly folder: string,
    private readonly disk: SimulatedDisk,
  ) {
    this.random = seededRandom(seed ^ SALT);
    this.used = this.random() < 0.15;
  }

  /** Until told to end. */
  async run(owner: Owner, ended: () => boolean, trace: (line: () => string) => void): Promise<void> {
    const everyMs = 2_000 + 60_000 * this.random() ** 2;
    while (this.used && !ended()) {
      await owner.sleep(2 * everyMs * this.random());
      const paths = this.disk.files(this.folder).filter((path) => !path.startsWith(`${this.folder}/unfinished/`));
      const path = paths[Math.floor(this.random() * paths.length)];
      if (path === undefined) continue;
      const position = this.flip(path);
      trace(() => `byte ${position} of ${path} has changed`);
    }
  }

  private flip(path: string): number {
    const file = this.disk.file(path);
    const position = Math.floor(this.random() * file.bytes.length);
    const bit = 1 << Math.floor(8 * this.random());
    file.bytes = flipped(file.bytes, position, bit);
    file.durable = flipped(file.durable, position, bit);
    this.harmed.add(path);
    return position;
  }
}

/** Buffers are shared by whoever reads them at the moment. */
function flipped(bytes: SimulatedFile["bytes"], position: number, bit: number): Buffer<ArrayBuffer> {
  const changed = Buffer.from(bytes);
  if (position < changed.length) changed[position]! ^= bit;
  return changed;
}
