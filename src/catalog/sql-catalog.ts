import { sql } from "kysely";
import type { Clock } from "../model/clock.js";
import type { BlobId } from "../model/object.js";
import type { Sealer } from "../model/sealer.js";
import { orphansAmong } from "./blob-links.js";
import { BucketCache } from "./bucket-cache.js";
import { BucketTableCatalog } from "./buckets.js";
import type {
  Announcement,
  BucketCatalog,
  Catalog,
  CheckCatalog,
  ConfigurationCatalog,
  DamageCatalog,
  DocumentCatalog,
  EventCatalog,
  ExtrinsicCatalog,
  FileCatalog,
  FinalBlockCatalog,
  GatewayCatalog,
  Held,
  InspectionCatalog,
  IdentityCatalog,
  JobCatalog,
  JournalCatalog,
  KeyUseCatalog,
  LeaseCatalog,
  LockCatalog,
  MarkCatalog,
  ObjectCatalog,
  PackCatalog,
  PreparationCatalog,
  RebuildCatalog,
  ReceiptCatalog,
  ShareCatalog,
  SignUpCatalog,
  StagingCatalog,
  StatusCatalog,
  TakeOverCatalog,
  UploadCatalog,
  UsageCatalog,
} from "./catalog.js";
import { CheckTableCatalog } from "./checks.js";
import { ConfigurationMarkCatalog } from "./configuration-mark.js";
import { DamageTableCatalog } from "./damages.js";
import { DocumentTableCatalog } from "./documents.js";
import { EventTableCatalog } from "./events.js";
import { ExtrinsicTableCatalog } from "./extrinsics.js";
import { FileTableCatalog } from "./files.js";
import { FinalBlockTableCatalog } from "./final-blocks.js";
import { GatewayTableCatalog } from "./gateways.js";
import { InspectionTableCatalog } from "./inspection.js";
import { IdentityTableCatalog } from "./identities.js";
import { JournalTableCatalog } from "./journal.js";
import { JobTableCatalog } from "./jobs.js";
import { ObjectTableCatalog } from "./objects.js";
import { KeyUseTableCatalog } from "./key-uses.js";
import { FencedStore } from "./fenced-store.js";
import { LeaseTableCatalog } from "./leases.js";
import { LockTableCatalog } from "./locks.js";
import { MarkTableCatalog } from "./marks.js";
import { PackTableCatalog } from "./packs.js";
import { PreparationTableCatalog } from "./preparations.js";
import { RebuildTableCatalog } from "./rebuild.js";
import { ReceiptTableCatalog } from "./receipts.js";
import { FormatColumn } from "./segment-columns.js";
import { ShareTableCatalog } from "./shares.js";
import { SignUpTableCatalog } from "./sign-ups.js";
import { StagingPlaceTableCatalog } from "./staging-place.js";
import { StatusTableCatalog } from "./status.js";
import type { Store } from "./store.js";
import { TakeOverTableCatalog } from "./take-overs.js";
import { UploadTableCatalog } from "./uploads.js";
import { UsageTableCatalog } from "./usage.js";

export interface SqlCatalogComponents {
  readonly store: Store;
  readonly clock: Clock;
  readonly sealer: Sealer;
  /** The id of the gateway whose catalog this is. */
  readonly gateway?: string;
}

/** The id of a gateway that has no others beside it. */
const ALONE = "local";

/** The catalog over any store that speaks SQL. */
export class SqlCatalog implements Catalog {
  readonly buckets: BucketCatalog;
  readonly documents: DocumentCatalog;
  readonly configuration: ConfigurationCatalog;
  readonly objects: ObjectCatalog;
  readonly uploads: UploadCatalog;
  readonly preparations: PreparationCatalog;
  readonly files: FileCatalog;
  readonly packs: PackCatalog;
  readonly takeOvers: TakeOverCatalog;
  readonly checks: CheckCatalog;
  readonly jobs: JobCatalog;
  readonly locks: LockCatalog;
  readonly extrinsics: ExtrinsicCatalog;
  readonly keyUses: KeyUseCatalog;
  readonly events: EventCatalog;
  readonly leases: LeaseCatalog;
  readonly mark: MarkCatalog;
  readonly inspection: InspectionCatalog;
  readonly staging: StagingCatalog;
  readonly status: StatusCatalog;
  readonly identities: IdentityCatalog;
  readonly signUps: SignUpCatalog;
  readonly gateways: GatewayCatalog;
  readonly finalBlocks: FinalBlockCatalog;
  readonly usage: UsageCatalog;
  readonly damages: DamageCatalog;
  readonly receipts: ReceiptCatalog;
  readonly journal: JournalCatalog;
  readonly rebuild: RebuildCatalog;
  readonly shares: ShareCatalog;
  readonly shared: boolean;
  private readonly store: Store;
  private readonly clock: Clock;

  constructor(components: SqlCatalogComponents) {
    const { store, clock, gateway = ALONE } = components;
    this.shared = store.shared;
    const formats = new FormatColumn(components.sealer);
    this.store = store;
    this.clock = clock;
    this.configuration = new ConfigurationMarkCatalog(store, clock);
    const memory = new BucketCache(store, this.configuration);
    this.buckets = new BucketTableCatalog(store, clock, memory);
    this.documents = new DocumentTableCatalog(store, memory);
    this.objects = new ObjectTableCatalog(store, clock, formats, memory);
    this.uploads = new UploadTableCatalog(store, clock, formats);
    this.preparations = new PreparationTableCatalog(store);
    this.files = new FileTableCatalog(store, clock, formats);
    this.packs = new PackTableCatalog(store, clock, formats);
    this.takeOvers = new TakeOverTableCatalog(store, clock, formats);
    this.checks = new CheckTableCatalog(store, clock);
    this.jobs = new JobTableCatalog(store, clock, formats, gateway);
    this.locks = new LockTableCatalog(store, clock, gateway);
    this.extrinsics = new ExtrinsicTableCatalog(store, clock, gateway);
    this.events = new EventTableCatalog(store, clock);
    this.inspection = new InspectionTableCatalog(store, clock);
    this.mark = new MarkTableCatalog(store);
    this.leases = new LeaseTableCatalog(store, clock);
    this.staging = new StagingPlaceTableCatalog(store);
    this.status = new StatusTableCatalog(store, clock);
    this.identities = new IdentityTableCatalog(store, clock);
    this.signUps = new SignUpTableCatalog(store, clock);
    this.finalBlocks = new FinalBlockTableCatalog(store);
    this.gateways = new GatewayTableCatalog(store, clock);
    this.usage = new UsageTableCatalog(store, memory);
    this.damages = new DamageTableCatalog(store);
    this.receipts = new ReceiptTableCatalog(store);
    this.rebuild = new RebuildTableCatalog(store, clock);
    this.journal = new JournalTableCatalog(store, clock);
    this.shares = new ShareTableCatalog(store, clock);
    this.keyUses = new KeyUseTableCatalog(store, clock);
  }

  /**
   * Runs as a write although it writes nothing: bytes are removed because of the answer, so it must rest on durable
   * rows only. A deletion that a power cut undoes must not have cost the blob its bytes.
   */
  orphans(blobs: readonly BlobId[]): Promise<BlobId[]> {
    return this.store.write((tx) => orphansAmong(tx, blobs));
  }

  async staged(): Promise<{ readonly bytes: number; readonly openUploadBytes: number }> {
    const db = this.store.reads;
    // A version and its file may link the same blob. UNION counts each slice once.
    const linked = db
      .selectFrom("version_blobs")
      .select(["blob", "offset", "length"])
      .union(db.selectFrom("file_blobs").select(["blob", "offset", "length"]))
      .union(db.selectFrom("parts").select(["blob", sql<number>`0`.as("offset"), "size as length"]));
    const all = await db
      .selectFrom(linked.as("linked"))
      .select(({ fn }) => fn.sum<number | null>("length").as("bytes"))
      .executeTakeFirst();
    const open = await db
      .selectFrom("parts")
      .innerJoin("uploads", "uploads.id", "parts.upload_id")
      .where("uploads.state", "=", "open")
      .select(({ fn }) => fn.sum<number | null>("parts.size").as("bytes"))
      .executeTakeFirst();
    return { bytes: all?.bytes ?? 0, openUploadBytes: open?.bytes ?? 0 };
  }

  async heartbeat(): Promise<void> {
    const row = { id: 1, beat_at: this.clock.now() };
    await this.store.write((tx) =>
      tx
        .insertInto("heartbeat")
        .values(row)
        // Of several gateways the one whose clock is ahead has the last word, or the others would not read what they wrote.
        .onConflict((conflict) =>
          conflict.column("id").doUpdateSet((eb) => ({
            beat_at: eb
              .case()
              .when("heartbeat.beat_at", ">", row.beat_at)
              .then(eb.ref("heartbeat.beat_at"))
              .else(row.beat_at)
              .end(),
          })),
        )
        .execute(),
    );
    const { beat_at: read } = await this.store.reads
      .selectFrom("heartbeat")
      .select("beat_at")
      .executeTakeFirstOrThrow();
    if (read < row.beat_at) throw new Error("the catalog does not show what was written");
  }

  announce(what: Announcement): void {
    this.store.announce(what);
  }

  onAnnounced(what: Announcement, listener: () => void): () => void {
    return this.store.subscribe(what, listener);
  }

  fenced(held: () => Held): Catalog {
    const store = new FencedStore(this.store, held);
    const parts = Object.entries(this).filter((entry): entry is [string, object] => hasStore(entry[1]));
    return Object.assign(over(this, store), Object.fromEntries(parts.map(([name, part]) => [name, over(part, store)])));
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

function hasStore(part: unknown): part is object {
  return typeof part === "object" && part !== null && "store" in part;
}

/**
 * The same part of the catalog over another store. What it has prepared and remembers is shared, so it costs little. It
 * must write to its own `store` alone, never through another object that has one.
 */
function over<Part extends object>(part: Part, store: Store): Part {
  return Object.assign(Object.create(part) as Part, { store });
}
