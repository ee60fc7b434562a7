import { isFidOf } from "../encoding/merkle.js";
import type { CessAccount } from "../model/account.js";
import { defined } from "../model/defined.js";
import { DomainError } from "../model/errors.js";
import { type CessFile, PLAIN } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { NetworkEntry } from "../model/network-file.js";
import { FRAGMENTS, SEGMENT_SIZE } from "../model/sizes.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { FileDirectory } from "./file-directory.js";
import type { FragmentSource } from "./fragment-source.js";
import type { HeldFiles } from "./held-files.js";
import type { NetworkFiles } from "./network-files.js";
import { StoredForm } from "./stored-form.js";

/** Files of the network, as the chain lists them (read through the directory). */
export class ChainFiles implements NetworkFiles {
  private readonly form: StoredForm;

  constructor(
    private readonly components: {
      readonly directory: FileDirectory;
      readonly fragments: Pick<FragmentSource, "get">;
    },
  ) {
    this.form = new StoredForm(components.fragments);
  }

  async find(fid: Fid, signal?: AbortSignal, cipher?: string): Promise<CessFile | undefined> {
    const found = await this.components.directory.file(fid, signal);
    if (!found) return undefined;
    requireSound(found);
    const segments = found.segments.map(({ hash, fragments }) => ({
      hash,
      fragments: fragments.map((fragment) => fragment.hash),
    }));
    const file = { fid, size: found.size, format: PLAIN, segments };
    return cipher === undefined ? this.form.asStored(file, signal) : this.form.decrypted(file, cipher, signal);
  }

  async entry(fid: Fid, signal?: AbortSignal, recent = false): Promise<NetworkEntry | undefined> {
    const { directory } = this.components;
    const stored = await (recent ? directory.recentFile(fid, signal) : directory.file(fid, signal));
    if (stored) return storedEntry(stored);
    const deal = await directory.deal(fid, signal);
    if (deal) {
      const { owner: account, fileName, size = 0, reports } = deal;
      return { fid, size, owners: [defined({ account, fileName })], reports: reports.length };
    }
    // The last report turns a deal into a file.
    const since = await directory.file(fid, signal);
    return since && storedEntry(since);
  }

  held(account: CessAccount, signal?: AbortSignal): Promise<HeldFiles> {
    return this.components.directory.held(account, signal);
  }

  sizes(fids: readonly Fid[], signal?: AbortSignal): Promise<readonly (number | undefined)[]> {
    return this.components.directory.sizes(fids, signal);
  }

  /** What the chain says of the file and its owners, whether or not it can be this file; undefined and rejects as `find`. */
  listed(fid: Fid, signal?: AbortSignal): Promise<ChainFile | undefined> {
    return this.components.directory.file(fid, signal);
  }

  async redundancy(fid: Fid, signal?: AbortSignal): Promise<number | undefined> {
    const found = await this.holders(fid, signal);
    return found && redundancyOf(found.file, found.standing);
  }

  /** The file with the nodes that are obliged to keep their fragments. Undefined and rejects as `redundancy` does. */
  async holders(
    fid: Fid,
    signal?: AbortSignal,
  ): Promise<{ readonly file: ChainFile; readonly standing: ReadonlySet<string> } | undefined> {
    const { directory } = this.components;
    const [file, standing] = await Promise.all([directory.file(fid, signal), directory.nodesInGoodStanding(signal)]);
    return file && { file, standing };
  }
}

function storedEntry({ fid, size, owners }: ChainFile): NetworkEntry {
  return { fid, size, owners: owners.map(({ account, fileName }) => defined({ account, fileName })) };
}

function redundancyOf({ segments }: ChainFile, standing: ReadonlySet<string>): number {
  let least = FRAGMENTS;
  for (const { fragments } of segments) {
    least = Math.min(least, fragments.filter(({ node, lost }) => lost !== true && standing.has(node)).length);
  }
  return least;
}

/** The chain does not check that declared segments make this FID and hold `size` bytes, so it is checked here. */
function requireSound({ fid, size, segments }: ChainFile): void {
  const whole = segments.every(({ fragments }) => fragments.length === FRAGMENTS);
  const fits = size > 0 && size <= segments.length * SEGMENT_SIZE;
  const hashes = segments.map(({ hash }) => hash);
  const sound = whole && fits && isFidOf(fid, hashes);
  if (!sound)
    throw new DomainError(
      { kind: "fileUnverifiable" },
      `The segments that the chain lists under ${fid} do not make this FID by any gateway's rule, so no byte of the file can be verified.`,
    );
}
