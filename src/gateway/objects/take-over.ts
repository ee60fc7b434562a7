import type { Catalog, TakeOver } from "../../catalog/catalog.js";
import type { Account } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import type { CessFile } from "../../model/file.js";
import type { Staging } from "../ingest/staging.js";
import { S3Error } from "../s3-error.js";

export interface TakeOverComponents {
  readonly catalog: Pick<Catalog, "takeOvers">;
  readonly staging: Pick<Staging, "commit">;
  readonly clock: Clock;
  readonly onWork: () => void;
}

export const TAKE_OVER_DEFAULTS = {
  /** Between two looks at how far the declaration has come, ms. */
  pollMs: 500,
  /** How long a request waits for it, ms: a declaration is final after some blocks. */
  waitMs: 10 * 60_000,
};

/**
 * Makes a file of the network an account's own, by a declaration and without its bytes. The file's row and its job come
 * first, so a crash leaves a file that is needed for an hour: a repeated request finds it, or it is deleted again.
 */
export class TakeOvers {
  constructor(
    private readonly components: TakeOverComponents,
    private readonly settings = TAKE_OVER_DEFAULTS,
  ) {}

  /**
   * Waits until a final block lists the account as an owner, and runs `use` with the id of the file's row, which is
   * `stored` then and stays until `use` has ended. OperationAborted if the network does not have the file any more;
   * ServiceUnavailable if the declaration fails for now, or takes too long. DomainError `fileHeldOtherwise`.
   */
  async run<T>(
    account: Account,
    signal: AbortSignal,
    file: CessFile,
    target: { readonly bucket: string; readonly key: string },
    use: (row: string) => Promise<T>,
  ): Promise<T> {
    const { catalog, staging, onWork } = this.components;
    const { id: owner, territory } = account;
    const taken = await catalog.takeOvers.begin({ ...target, owner, file: { ...file, territory } });
    onWork();
    const end = async () => {
      await staging.commit([], () => catalog.takeOvers.end(taken.id));
      onWork();
    };
    try {
      await this.untilStored(taken, signal);
    } catch (error) {
      // Else the declaration may be on its way, and whoever asks again will find it done.
      if (!signal.aborted && !(error instanceof StillUnderWay)) await end();
      throw error instanceof StillUnderWay ? tooSlow(error) : error;
    }
    try {
      return await use(taken.file);
    } finally {
      await end();
    }
  }

  private async untilStored({ id }: TakeOver, signal: AbortSignal): Promise<void> {
    const { catalog, clock } = this.components;
    const until = clock.now() + this.settings.waitMs;
    const before = (await catalog.takeOvers.progress(id))?.attempts ?? 0;
    for (;;) {
      const now = await catalog.takeOvers.progress(id);
      if (now?.state === "stored") return;
      if (!now || now.state === "failed") throw notTaken(now?.failure ?? "it was given up");
      if (now.attempts > before && now.waiting !== undefined) throw notNow(now.waiting);
      if (clock.now() >= until) throw new StillUnderWay(now.waiting);
      await clock.sleep(this.settings.pollMs, signal);
    }
  }
}

class StillUnderWay extends Error {}

function notTaken(why: string): S3Error {
  return new S3Error("OperationAborted", { message: `The file was not taken over: ${why}.` });
}

function notNow(why: string): S3Error {
  return new S3Error("ServiceUnavailable", { message: `The file cannot be taken over now: ${why}.` });
}

function tooSlow({ message }: StillUnderWay): S3Error {
  return new S3Error("ServiceUnavailable", {
    message: `The declaration is not final yet${message === "" ? "" : ` (${message})`}. Repeat the request: it goes on where this one was.`,
  });
}
