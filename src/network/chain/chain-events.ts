import type { ChainEvent } from "./chain.js";
import { asFid } from "./codec.js";
import type { BlockEvent, FinalizedBlocks } from "./finalized-blocks.js";

const KINDS: Readonly<Record<string, "declared" | "reported" | "stored" | "deleted">> = {
  UploadDeclaration: "declared",
  TransferReport: "reported",
  StorageCompleted: "stored",
  DeleteFile: "deleted",
};

const AUTHORIZATIONS: ReadonlySet<string> = new Set(["Authorize", "CancelAuthorize"]);

/** Calls back for every deal event of finalized blocks, in order. Returns the function that ends it. */
export function watchDeals(blocks: FinalizedBlocks, listener: (event: ChainEvent) => void): () => void {
  return blocks.watch({
    async onBlock(block) {
      for (const event of await block.events()) {
        const change = toChange(event, block.number);
        if (change !== undefined) listener(change);
      }
    },
    onGap() {
      listener({ kind: "gap" });
      return Promise.resolve();
    },
  });
}

/** Calls back for every block with an event of oss.authorize or oss.cancelAuthorize, and after a gap. */
export function watchAuthorizations(blocks: FinalizedBlocks, listener: () => void): () => void {
  return blocks.watch({
    async onBlock(block) {
      if ((await block.events()).some(({ section, method }) => section === "oss" && AUTHORIZATIONS.has(method)))
        listener();
    },
    onGap() {
      listener();
      return Promise.resolve();
    },
  });
}

function toChange(event: BlockEvent, block: number): ChainEvent | undefined {
  const kind = event.section === "fileBank" ? KINDS[event.method] : undefined;
  const hash = event.field("dealHash") ?? event.field("fileHash");
  // Others may declare files under malformed hashes; none of ours is among them.
  const fid = hash === undefined ? undefined : asFid(hash);
  return kind === undefined || fid === undefined ? undefined : { kind, fid, block };
}
