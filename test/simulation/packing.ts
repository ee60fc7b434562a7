import { PACKER_DEFAULTS, type PackerSettings } from "../../src/packing/packer.js";
import { segmentCapacity } from "../../src/model/file.js";
import { FRAGMENT_SIZE, PACK_HEADER_BYTES } from "../../src/model/sizes.js";
import { LAYOUT_NAME, layouts } from "../../src/model/layout.js";
import { seededRandom } from "../support/seeded-random.js";

/** Chosen so that the seeds remembered from before there were packs have none: they run as they did. */
const SALT = 7_000_159;

const KEYS = ["a", "b", "c", "d"];
/** Where small objects share files, there are more of them. */
const MORE_KEYS = [...KEYS, "e", "f", "g", "h", "i", "j"];

/** What one process of the gateway is told about packs. */
export interface PackingSettings {
  /** 0: no new object is packed. */
  readonly maxObjectBytes: number;
  readonly packer: PackerSettings;
}

/**
 * Whether and how small objects share files in a run. Its dice are its own, so that a seed without packs runs as it
 * would without all this.
 */
export class Packing {
  /** Whether there is a packer at all. */
  readonly used: boolean;
  readonly random: () => number;
  private readonly delays: () => number;
  /** Whether clients look at what they have put while it goes into its pack. */
  readonly readsBack: boolean;
  /** Whether versions of a bucket with object lock share the packs. */
  readonly archives: boolean;
  /** Whether the operator changes the settings between two processes. */
  private readonly changes: boolean;
  private settings: PackingSettings;

  /** `maxSegments`: of one file. */
  constructor(
    seed: number,
    private readonly maxSegments: number,
  ) {
    this.random = seededRandom(seed ^ SALT);
    this.delays = seededRandom(seed ^ (SALT + 1));
    this.used = this.random() < 0.45;
    this.changes = this.random() < 0.3;
    this.archives = this.delays() < 0.3;
    this.readsBack = seededRandom(seed ^ (SALT + 2))() < 0.3;
    this.settings = this.draw();
  }

  /** Of the objects that clients put. */
  get keys(): readonly string[] {
    return this.used ? MORE_KEYS : KEYS;
  }

  /** Of the process that runs. */
  get current(): PackingSettings {
    return this.settings;
  }

  /** Of the next process. */
  next(): PackingSettings {
    if (this.used && this.changes) this.settings = this.draw();
    return this.settings;
  }

  /** The user metadata with which a client chooses how an object is stored; mostly it does not. */
  layoutMetadata(): Record<string, string> {
    if (!this.used || this.random() > 0.25) return {};
    return { [LAYOUT_NAME]: layouts[Math.floor(layouts.length * this.random())]! };
  }

  /** How long a catalog that is a server elsewhere takes to say where an object's bytes are, ms. */
  lookupMs(): number {
    return this.delays() < 0.3 ? 4_000 * this.delays() : 0;
  }

  private draw(): PackingSettings {
    const { random } = this;
    const one = <T>(...values: readonly T[]): T => values[Math.floor(values.length * random())]!;
    const segments = Math.min(one(1, 2, 3), this.maxSegments);
    const room = segments * segmentCapacity({ name: "aes-256-gcm", first: 0 }) - PACK_HEADER_BYTES;
    const packer = {
      ...PACKER_DEFAULTS,
      segments,
      maxAgeMs: one(2_000, 20_000, 200_000, 1_000_000),
      maxObjects: one(3, 1000),
      lowSpaceBytes: 20_000,
      mergeBudget: one(0, 0.5, 1, 1, 3),
      keepBelowHalf: one(0, 0, 1, 2, 4),
      lookMs: one(1_000, 5_000, 20_000),
      batch: 1 + Math.floor(5 * random()),
      graceMs: one(30_000, 60_000),
      quietMs: one(0, 20_000, 60_000),
      retryMs: one(20_000, 120_000),
    };
    const most = one(150, FRAGMENT_SIZE, 2 * FRAGMENT_SIZE, room);
    const off = !this.used || (this.changes && random() < 0.2);
    return { maxObjectBytes: off ? 0 : Math.min(most, room), packer };
  }
}
