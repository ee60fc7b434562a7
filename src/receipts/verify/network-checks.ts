import { createHash } from "node:crypto";
import { asError, isProblem } from "../../model/errors.js";
import { PLAIN } from "../../model/file.js";
import { SEGMENT_SIZE } from "../../model/sizes.js";
import { beginDigest } from "../../digests/digest.js";
import type { Retrieval } from "../../retrieval/retrieval.js";
import type { Receipt, ReceiptFile } from "../document.js";
import { failed, judged, type Check } from "./check.js";
import { ContentChecks, isPlain } from "./content-checks.js";
import { PieceDigests } from "./piece-digests.js";

/** Where the object's stored bytes lie in a file's content: from `start` to before `end`, and the segments around them. */
interface StoredRun {
  readonly start: number;
  readonly end: number;
  readonly firstSegment: number;
  readonly endSegment: number;
}

/**
 * Fetches the object's segments from the storage nodes, rebuilds them where nodes are gone, and hashes what comes. Of a
 * pack those that the object lies in.
 */
export async function* checkNetwork(receipt: Receipt, retrieval: Pick<Retrieval, "open">): AsyncGenerator<Check> {
  const content = isPlain(receipt) ? new ContentChecks(receipt, "bytes from the nodes") : undefined;
  for (const file of receipt.files) {
    let checks: Check[];
    try {
      checks = await checkFile(file, receipt, retrieval, content);
    } catch (error) {
      if (!isProblem(error, "objectUnavailable", "dependencyUnavailable", "overloaded")) throw error;
      yield failed(`file ${file.fid}`, `its bytes cannot be had from the storage nodes: ${asError(error).message}`);
      return;
    }
    yield* checks;
  }
  if (content) yield* await content.finish();
}

async function checkFile(
  file: ReceiptFile,
  receipt: Receipt,
  retrieval: Pick<Retrieval, "open">,
  content: ContentChecks | undefined,
): Promise<Check[]> {
  const about = `file ${file.fid}`;
  const run = storedRun(file, receipt);
  if (!run) return [failed(about, "the object's bytes would lie outside of its segments")];
  const wanted = file.segments.slice(run.firstSegment, run.endSegment);
  const begin = run.firstSegment * SEGMENT_SIZE;
  const end = run.endSegment * SEGMENT_SIZE;
  const size = file.segments.length * SEGMENT_SIZE;
  const stored = { fid: file.fid, size, format: PLAIN, segments: file.segments };
  const stream = await retrieval.open([{ file: stored, range: { start: begin, end } }], undefined, "nodes");
  const segments = new PieceDigests(
    wanted.map(() => ({ length: SEGMENT_SIZE })),
    () => beginDigest("SHA256"),
  );
  const ofRun = createHash("sha256");
  let at = begin;
  for await (const chunk of stream) {
    await segments.update(chunk);
    const mine = chunk.subarray(Math.max(0, run.start - at), Math.max(0, run.end - at));
    at += chunk.length;
    if (mine.length === 0) continue;
    ofRun.update(mine);
    await content?.update(mine);
  }
  const right = wanted.filter(({ hash }, n) => segments.done[n]?.toString("hex") === hash).length;
  const checks = [
    judged(
      about,
      right === wanted.length,
      `${right} segments from the storage nodes have their hashes`,
      `${wanted.length - right} of ${wanted.length} segments from the storage nodes have other hashes than on the chain`,
    ),
  ];
  const sha256 = file.extent.stored?.sha256;
  if (sha256 !== undefined)
    checks.push(
      judged(
        about,
        ofRun.digest("hex") === sha256,
        "the object's run in the pack has its SHA-256",
        "the object's run in the pack has another SHA-256",
      ),
    );
  return checks;
}

/** Undefined where it does not fit into the file. */
function storedRun({ extent, segments }: ReceiptFile, receipt: Receipt): StoredRun | undefined {
  const { offset, length, stored } = extent;
  const size = segments.length * SEGMENT_SIZE;
  // An encrypted file of its own is whole segments, sealed.
  const whole = stored === null && !isPlain(receipt);
  const start = whole ? 0 : offset;
  const end = whole ? size : offset + (stored?.length ?? length);
  if (end > size) return undefined;
  return { start, end, firstSegment: Math.floor(start / SEGMENT_SIZE), endSegment: Math.ceil(end / SEGMENT_SIZE) };
}
