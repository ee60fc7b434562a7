import { isOwner, sameContent } from "../../distribution/chain-view.js";
import { isFidOf } from "../../encoding/merkle.js";
import type { CessAccount } from "../../model/account.js";
import { PLAIN } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import { SEGMENT_SIZE } from "../../model/sizes.js";
import type { BlockName, ChainFile, FileAtBlock } from "../../network/chain/chain.js";
import type { DeletionCertificate, Receipt, ReceiptFile, SignedDocument } from "../document.js";
import { failed, judged, note, ok, type Check } from "./check.js";

/** What of the chain documents are held against. Rejects with ChainUnavailable. */
export interface CheckedChain {
  genesis(): Promise<string>;
  /** At the newest final block, or at one that is named. */
  fileAt(fid: Fid, block?: BlockName): Promise<FileAtBlock>;
  /** The hash of a block of the best fork; undefined where there is none of that number yet. */
  blockHash(number: number): Promise<string | undefined>;
  /** Whom this account lets act for it. */
  operators(owner: CessAccount): Promise<readonly CessAccount[]>;
}

/** Moved fragments that are told one by one. */
const TOLD = 24;
const NEW_RECEIPT =
  "the object may have been deleted, or its file replaced (a pack that was merged, a file that was repaired): the gateway " +
  "has a new receipt if the object is still there";

/** The chain is the document's, and has the block that it was made at. False at the end: nothing else can be compared. */
export async function* checkChain(document: SignedDocument, chain: CheckedChain): AsyncGenerator<Check, boolean> {
  const { genesis } = document.network;
  const found = await chain.genesis();
  if (found !== genesis) {
    yield failed("chain", `the document is about the chain with genesis ${genesis}, and this one has ${found}`);
    return false;
  }
  yield ok("chain", `genesis ${genesis}`);
  const { block, hash } = document.observed;
  const here = await chain.blockHash(block);
  const seen = here === undefined ? "has no block of that number yet" : `has ${here} there`;
  yield judged(
    "block",
    here === hash,
    `the document was made at block ${block} or later`,
    `the document tells of block ${block}, ${hash}, and the chain ${seen}`,
  );
  return here === hash;
}

/** The chain lists each file as the receipt does. */
export async function* checkFiles({ signer, files }: Receipt, chain: CheckedChain): AsyncGenerator<Check> {
  for (const file of files) {
    const about = `file ${file.fid}`;
    yield judged(
      about,
      isFidOf(
        file.fid,
        file.segments.map(({ hash }) => hash),
      ),
      `its ${file.segments.length} segments make this FID`,
      "its segments do not make this FID",
    );
    const { block, file: listed } = await chain.fileAt(file.fid);
    yield* listing(file, block, listed);
  }
  for (const owner of new Set(files.map((file) => file.owner))) yield await authority(owner, signer, chain);
}

function* listing(file: ReceiptFile, block: BlockName, listed: ChainFile | undefined): Generator<Check> {
  const about = `file ${file.fid}`;
  const at = `at final block ${block.number}`;
  if (!listed) {
    yield failed(about, `the chain lists no such file ${at}; ${NEW_RECEIPT}`);
    return;
  }
  yield judged(
    about,
    isOwner(listed, file.owner),
    `listed for ${file.owner} ${at}`,
    `listed ${at}, but not for ${file.owner}; ${NEW_RECEIPT}`,
  );
  const { fid } = file;
  const segments = file.segments.map(({ hash, fragments }) => ({ hash, fragments }));
  const same = sameContent({ fid, size: segments.length * SEGMENT_SIZE, format: PLAIN, segments }, listed);
  yield judged(
    about,
    same,
    "the chain lists these segments and fragments",
    "the chain lists other segments or fragments",
  );
  if (!same) return;
  yield* nodes(file, listed);
  yield* completion(file, listed);
}

function* nodes(file: ReceiptFile, listed: ChainFile): Generator<Check> {
  const about = `file ${file.fid}`;
  const moved: string[] = [];
  let [kept, lost] = [0, 0];
  file.segments.forEach((segment, s) =>
    segment.nodes.forEach((node, index) => {
      const now = listed.segments[s]?.fragments[index];
      if (now?.lost === true) lost++;
      if (now?.node === node) kept++;
      else moved.push(`fragment ${index} of segment ${s + 1} has moved from ${node} to ${now?.node ?? "nobody"}`);
    }),
  );
  yield ok(about, `${kept} of ${kept + moved.length} fragments are with the nodes that the receipt names`);
  for (const text of moved.slice(0, TOLD)) yield note(about, text);
  if (moved.length > TOLD) yield note(about, `${moved.length - TOLD} further fragments have moved`);
  if (lost > 0) yield note(about, `the chain says of ${lost} fragments that their nodes have lost them`);
}

function* completion(file: ReceiptFile, { completed }: ChainFile): Generator<Check> {
  if (completed === undefined || file.completedBlock === null) return;
  const about = `file ${file.fid}`;
  if (completed === file.completedBlock) yield ok(about, `completed in block ${completed}`);
  else
    yield note(
      about,
      `completed in block ${completed}, and in ${file.completedBlock} by the receipt: it was stored anew since`,
    );
}

/** That an owner lets the signer act says more of the signer than its signature does. */
async function authority(owner: CessAccount, signer: CessAccount, chain: CheckedChain): Promise<Check> {
  const acts = owner === signer || (await chain.operators(owner)).includes(signer);
  return acts
    ? ok("signer", `acts for the owner ${owner}, by the owner's word on the chain`)
    : note("signer", `does not act for the owner ${owner} (any more): do you know this account?`);
}

/** The chain does not list the owner now, and did not when the certificate was made. */
export async function* checkDeletion(
  { fid, owner, observed }: DeletionCertificate,
  chain: CheckedChain,
): AsyncGenerator<Check> {
  const about = `file ${fid}`;
  const { block, file } = await chain.fileAt(fid);
  yield judged(
    about,
    !file || !isOwner(file, owner),
    `not listed for ${owner} at final block ${block.number}`,
    `listed for ${owner} at final block ${block.number}: it may have been stored again`,
  );
  if (file) yield note(about, `the chain lists it for ${file.owners.length} other owners`);
  const then = await chain.fileAt(fid, { number: observed.block, hash: observed.hash }).catch(() => undefined);
  if (!then)
    yield note(about, `this chain node does not keep the state of block ${observed.block}: ask an archive node`);
  else
    yield judged(
      about,
      !then.file || !isOwner(then.file, owner),
      `not listed for ${owner} at block ${observed.block}`,
      `listed for ${owner} at block ${observed.block}`,
    );
}
