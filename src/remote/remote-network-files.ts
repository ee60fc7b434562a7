import type { LocalClient } from "../ipc/local-client.js";
import type { CessAccount } from "../model/account.js";
import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { NetworkEntry } from "../model/network-file.js";
import type { HeldFiles, NetworkFiles } from "../retrieval/network-files.js";
import type { FileQuestion, HeldQuestion } from "./background-process.js";

/** What the chain says of files, through the background process. */
export class RemoteNetworkFiles implements NetworkFiles {
  constructor(private readonly background: Pick<LocalClient, "call">) {}

  async find(fid: Fid, signal?: AbortSignal, cipher?: string): Promise<CessFile | undefined> {
    return (await this.ask("find", { fid, cipher }, signal)) as CessFile | undefined;
  }

  async entry(fid: Fid, signal?: AbortSignal, recent?: boolean): Promise<NetworkEntry | undefined> {
    return (await this.ask("entry", { fid, recent }, signal)) as NetworkEntry | undefined;
  }

  async redundancy(fid: Fid, signal?: AbortSignal): Promise<number | undefined> {
    return (await this.ask("redundancy", { fid }, signal)) as number | undefined;
  }

  async sizes(fids: readonly Fid[], signal?: AbortSignal): Promise<readonly (number | undefined)[]> {
    return (await this.background.call("sizes", fids, { signal })) as readonly (number | undefined)[];
  }

  /** An account may hold 500,000 files: they are asked for as they are read. */
  held(account: CessAccount, signal?: AbortSignal): Promise<HeldFiles> {
    const { background } = this;
    return Promise.resolve({
      async *after(after, prefix) {
        for (let from = after; ;) {
          const question: HeldQuestion = { account, after: from, prefix };
          const fids = (await background.call("held", question, { signal })) as readonly Fid[];
          const last = fids.at(-1);
          if (last === undefined) return;
          yield fids;
          from = last;
        }
      },
    });
  }

  private ask(name: string, question: FileQuestion, signal: AbortSignal | undefined): Promise<unknown> {
    return this.background.call(name, question, { signal });
  }
}
