import { LRUCache } from "lru-cache";
import type { Served } from "../ipc/connection.js";
import type { CessAccount } from "../model/account.js";
import type { Fid } from "../model/hash.js";
import { Waits } from "../model/waits.js";
import type { Chain } from "../network/chain/chain.js";
import type { UploadPreprocessing } from "../preprocessing/preprocessing.js";
import type { Receipts } from "../receipts/receipts.js";
import type { NetworkFiles } from "../retrieval/network-files.js";
import type { Retrieval } from "../retrieval/retrieval.js";
import type {
  AdvanceNotice,
  ContentQuestion,
  FileQuestion,
  HeldQuestion,
  RetrievalQuestion,
  StoreQuestion,
  TerritoryQuestion,
} from "./background-process.js";

export interface RequestServing {
  readonly chain: Pick<Chain, "authorized" | "territory">;
  readonly files: NetworkFiles;
  readonly preprocessing: UploadPreprocessing;
  readonly retrieval: Retrieval;
  readonly receipts: Pick<Receipts, "of">;
  /** Called when a request process has made work. */
  readonly onWork: () => void;
}

/** Values of small state. */
const MAX_STORED = 10_000;
/** FIDs of one answer. */
const HELD_PAGE = 5_000;

/** What the background process does for request processes. */
export function serveRequests({ chain, files, preprocessing, retrieval, receipts, onWork }: RequestServing): Served {
  const small = new LRUCache<string, object>({ max: MAX_STORED });
  return {
    calls: {
      stored: (key: string) => small.get(key),
      store: ({ key, value, ttlMs }: StoreQuestion) =>
        void small.set(key, value as object, ttlMs === undefined ? {} : { ttl: ttlMs }),
      authorized: (owner: CessAccount) => chain.authorized(owner),
      territory: ({ owner, name }: TerritoryQuestion) => chain.territory(owner, name),
      find: ({ fid, cipher }: FileQuestion, signal) => files.find(fid, signal, cipher),
      entry: ({ fid, recent }: FileQuestion, signal) => files.entry(fid, signal, recent),
      redundancy: ({ fid }: FileQuestion, signal) => files.redundancy(fid, signal),
      receipt: (version: string, signal) => receipts.of(version, signal),
      sizes: (fids: readonly Fid[], signal) => files.sizes(fids, signal),
      held: (question: HeldQuestion, signal) => heldPage(files, question, signal),
      rootOf: ({ subject, content, format }: ContentQuestion, signal) =>
        preprocessing.rootOf(subject, content, { format }, signal),
      check: ({ subject, content }: Omit<ContentQuestion, "format">, signal) =>
        preprocessing.check(subject, content, signal),
    },
    streams: {
      retrieve: async ({ file, reach }: RetrievalQuestion, signal) => {
        const waits = new Waits();
        return { bytes: await retrieval.open([file], signal, reach, waits), trailer: () => waits.ms };
      },
    },
    notices: {
      advance: ({ upload, format, part }: AdvanceNotice) => preprocessing.advance(upload, format, part),
      forget: (upload: string) => preprocessing.forget(upload),
      work: () => onWork(),
    },
  };
}

async function heldPage(
  files: NetworkFiles,
  { account, after, prefix }: HeldQuestion,
  signal: AbortSignal,
): Promise<readonly Fid[]> {
  const page: Fid[] = [];
  for await (const fids of (await files.held(account, signal)).after(after, prefix)) {
    page.push(...fids);
    if (page.length >= HELD_PAGE) break;
  }
  return page;
}
