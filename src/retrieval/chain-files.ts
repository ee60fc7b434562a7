import { isFidOf } from "../encoding/merkle.js";
import { DomainError } from "../model/errors.js";
import { type CessFile, PLAIN } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import { FRAGMENTS, SEGMENT_SIZE } from "../model/sizes.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { FileDirectory } from "./file-directory.js";
import type { NetworkFiles } from "./network-files.js";

/** Files of the network, as the chain lists them (read through the directory). */
export class ChainFiles implements NetworkFiles {
  constructor(private readonly components: { readonly directory: FileDirectory }) {}

  async find(fid: Fid, signal?: AbortSignal): Promise<CessFile | undefined> {
    const found = await this.components.directory.file(fid, signal);
    if (!found) return undefined;
    requireSound(found);
    const segments = found.segments.map(({ hash, fragments }) => ({
      hash,
      fragments: fragments.map((fragment) => fragment.hash),
    }));
    return { fid, size: found.size, format: PLAIN, segments };
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
