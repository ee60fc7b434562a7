import type { CessAccount } from "../model/account.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainFile } from "../network/chain/chain.js";
import { JournalDamaged } from "./journal-damaged.js";

/** What the name of a file on chain says to whoever has the master key (OrderNames.open). */
export interface OpenedName {
  readonly kind: string;
  readonly number: number;
  readonly stream?: string;
}

/** A file of the account that is a journal or snapshot. */
export interface JournalFile {
  readonly fid: Fid;
  readonly stream: string;
  readonly number: number;
  readonly snapshot: boolean;
  readonly whole: boolean;
  /** On the chain. */
  readonly territory: string;
}

const KINDS: Readonly<Record<string, Pick<JournalFile, "snapshot" | "whole">>> = {
  journal: { snapshot: false, whole: true },
  snapshot: { snapshot: true, whole: true },
  "journal-part": { snapshot: false, whole: false },
  "snapshot-part": { snapshot: true, whole: false },
};

/** Reads of the chain at a time. */
const READS = 16;

/** What the chain lists of each of these files, in their order. */
export async function* listedFiles<Subject>(
  chain: Pick<Chain, "file">,
  subjects: readonly Subject[],
  fidOf: (subject: Subject) => Fid,
): AsyncGenerator<readonly [Subject, ChainFile | undefined], void> {
  for (let start = 0; start < subjects.length; start += READS) {
    const some = subjects.slice(start, start + READS);
    const files = await Promise.all(some.map((subject) => chain.file(fidOf(subject), "finalized")));
    for (const [at, subject] of some.entries()) yield [subject, files[at]];
  }
}

/**
 * The journals and snapshots among the files of an account, by the catalog that they tell of. `told`: how many were looked at,
 * and what the chain lists of the last one.
 */
export async function journalFiles(
  chain: Pick<Chain, "file">,
  names: { open(name: string): OpenedName | undefined },
  account: CessAccount,
  fids: readonly Fid[],
  told: (looked: number, file: ChainFile | undefined) => void,
): Promise<ReadonlyMap<string, readonly JournalFile[]>> {
  const streams = new Map<string, JournalFile[]>();
  let looked = 0;
  for await (const [fid, file] of listedFiles(chain, fids, (each) => each)) {
    told(++looked, file);
    const owner = file?.owners.find((each) => each.account === account);
    const opened = owner?.fileName === undefined ? undefined : names.open(owner.fileName);
    const kind = opened && KINDS[opened.kind];
    if (!owner || !kind || opened.stream === undefined) continue;
    const { number, stream } = opened;
    const known = streams.get(stream) ?? [];
    streams.set(stream, [...known, { fid, stream, number, ...kind, territory: owner.territory }]);
  }
  return streams;
}

/**
 * The files that make the newest catalog, in the order in which they are replayed: from a snapshot to the last one that
 * is whole, each named by the one after it. `previous`: what a file says of the one before it, FID or null. Rejects with
 * JournalDamaged where one is missing.
 */
export async function chained(
  files: readonly JournalFile[],
  previous: (file: JournalFile) => Promise<string | null>,
): Promise<readonly JournalFile[]> {
  const whole = files.filter((file) => file.whole).sort((a, b) => b.number - a.number);
  const [last, second] = whole;
  if (!last) throw new JournalDamaged("there is no journal that is whole");
  if (second?.number === last.number)
    throw new JournalDamaged(
      `there are two journals of the number ${last.number}, ${last.fid} and ${second.fid}: two gateways have gone on with one catalog`,
    );
  const chain = [last];
  for (let file = last; !file.snapshot;) {
    const fid = await previous(file);
    const before = files.find((each) => each.fid === fid && each.number < file.number);
    if (!before)
      throw new JournalDamaged(
        fid === null
          ? `journal ${file.number} follows nothing, and is no snapshot`
          : `the journal before number ${file.number}, ${fid}, is not among the account's files`,
      );
    chain.unshift(before);
    file = before;
  }
  return chain;
}
