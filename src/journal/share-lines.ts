import { createHash, type Hash } from "node:crypto";
import { z } from "zod";
import type { Catalog, JournalUnit, KnownShare, UnitRow } from "../catalog/catalog.js";
import { isProblem } from "../model/errors.js";
import type { Keys, Wrapper } from "../keys/keys.js";

/** Versions, and files, of one read. */
const PAGE = 500;
/** Of a bucket's documents a reader needs this one alone; the others tell of other accounts. */
const DOCUMENTS: ReadonlySet<unknown> = new Set(["versioning"]);
/** The KMS key of objects whose encryption names none. */
const DEFAULT_KMS_KEY = "aws/s3";

const encryptionSchema = z.looseObject({
  algorithm: z.enum(["AES256", "aws:kms", "customer", "cess-cbc"]),
  keyId: z.string().optional(),
  context: z.string().optional(),
  wrapped: z.string().optional(),
});

export interface ShareLinesComponents {
  readonly catalog: Pick<Catalog, "shares">;
  /** The gateway's, which unwrap data keys. */
  readonly keys: Pick<Keys, "unwrap">;
}

/** What of one bucket goes into a share: nothing of other buckets, and of its own what a reader needs. */
export class ShareLines {
  constructor(private readonly components: ShareLinesComponents) {}

  /** SHA-256 of what would be written now: 64 hex digits. */
  async digest(share: KnownShare): Promise<string> {
    const hash = createHash("sha256");
    for await (const unit of this.units(share)) note(hash, unit);
    return hash.digest("hex");
  }

  /**
   * The lines, with the data keys wrapped by `keys` in place of the gateway's; then their digest. They are not read in one
   * moment: where the digest is that of the read before, nothing has changed between the two, and they are as of then.
   */
  async *lines(share: KnownShare, keys: Pick<Keys, "wrap">): AsyncGenerator<JournalUnit, string> {
    const hash = createHash("sha256");
    for await (const unit of this.units(share)) {
      note(hash, unit);
      yield await this.rewrapped(unit, keys);
    }
    return hash.digest("hex");
  }

  private async *units({ bucket, owner = "" }: KnownShare): AsyncGenerator<JournalUnit, void> {
    const { shares } = this.components.catalog;
    yield bucketUnit(await shares.bucket(bucket));
    const files = new Set<number>();
    for (let after = 0; ;) {
      const page = await shares.versions(bucket, after, PAGE);
      for (const unit of page) {
        for (const { file_id: file } of unit.rows?.["extents"] ?? []) files.add(Number(file));
        yield versionUnit(unit, owner);
      }
      after = Number(page.at(-1)?.key ?? after);
      if (page.length < PAGE) break;
    }
    const ids = [...files].sort((a, b) => a - b);
    for (let at = 0; at < ids.length; at += PAGE)
      for (const unit of await shares.files(ids.slice(at, at + PAGE))) yield fileUnit(unit);
  }

  private async rewrapped(unit: JournalUnit, keys: Pick<Keys, "wrap">): Promise<JournalUnit> {
    const [version] = unit.rows?.["versions"] ?? [];
    if (!unit.rows || typeof version?.["encryption"] !== "string") return unit;
    const encryption = encryptionSchema.parse(JSON.parse(version["encryption"]));
    // Whoever has the customer's key can read it there as well.
    if (encryption.algorithm === "customer") return unit;
    const key = await this.dataKey(encryption);
    // Nobody there could read it.
    if (key === undefined) return { ...unit, rows: { versions: [{ ...version, fid: null, encryption: null }] } };
    const own = { algorithm: "AES256", wrapped: await keys.wrap(key, { kind: "master" }, "") };
    return { ...unit, rows: { ...unit.rows, versions: [{ ...version, encryption: JSON.stringify(own) }] } };
  }

  private async dataKey(encryption: z.output<typeof encryptionSchema>): Promise<string | undefined> {
    const { algorithm, wrapped, keyId = DEFAULT_KMS_KEY, context = "" } = encryption;
    if (wrapped === undefined || algorithm === "cess-cbc") return undefined;
    const wrapper: Wrapper = algorithm === "aws:kms" ? { kind: "kms", keyId } : { kind: "master" };
    try {
      return await this.components.keys.unwrap(wrapped, wrapper, context);
    } catch (error) {
      if (isProblem(error, "noKmsKey")) return undefined;
      throw error;
    }
  }
}

function note(hash: Hash, unit: JournalUnit): void {
  hash.update(JSON.stringify(unit)).update("\n");
}

function bucketUnit({ rows, ...unit }: JournalUnit): JournalUnit {
  if (!rows) return unit;
  const { buckets = [], configurations = [] } = rows;
  const documents = configurations.filter(({ name }) => DOCUMENTS.has(name));
  return { ...unit, rows: { buckets, ...(documents.length > 0 && { configurations: documents }) } };
}

/** Without what other accounts may do with it, and who has put it. */
function versionUnit({ rows, ...unit }: JournalUnit, owner: string): JournalUnit {
  if (!rows) return unit;
  const { versions = [], ...others } = rows;
  return { ...unit, rows: { ...others, versions: versions.map((row) => ({ ...row, owner, acl: null, lock: null })) } };
}

/** Without the moves of other objects in the same pack. */
function fileUnit({ rows, ...unit }: JournalUnit): JournalUnit {
  const files: readonly UnitRow[] = rows?.["files"] ?? [];
  return files.length === 0 ? unit : { ...unit, rows: { files: files.map((row) => ({ ...row, territory: "" })) } };
}
