import { bytesText, plainText, tableText } from "../text.js";
import { CommandError } from "../command-error.js";
import { failureWords } from "../../network/chain/refusal-words.js";
import type { OwnerClient } from "../../network/chain/owner-client.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import type { Fid } from "../../model/hash.js";
import { planMoveAct, type MoveCall } from "../territory/move-plan.js";
import { inBatches, perform, settled, type SigningOptions } from "../territory/perform.js";
import { stateOf } from "../territory/words.js";
import { withWallet, type Wallet, type WalletOptions } from "../territory/wallet.js";

export interface MoveOptions extends WalletOptions, SigningOptions {
  readonly from: string;
  readonly to: string;
  readonly all?: boolean;
}

/**
 * `cess-s3 territory move --from NAME --to NAME [--all | FID…]`: charges files to another territory of their owner. What
 * is there already is left out, so it can be repeated after an interruption.
 */
export async function runMove(fids: readonly string[], options: MoveOptions): Promise<void> {
  const { from, to } = options;
  if (fids.length > 0 === (options.all === true))
    throw new CommandError("say what to move: --all for all files of the territory, or their FIDs");
  await withWallet(options, async (wallet) => {
    const { chain, account: owner, session } = wallet;
    // A call that was signed before an interruption may be on its way: sent twice it would take the space twice.
    await settled(wallet);
    const reads = {
      territories: (of: typeof owner) => chain.territories(of),
      heldFiles: (of: typeof owner) => chain.heldFiles(of),
      file: (fid: Fid) => session.reader.file(fid),
    };
    const fidsOf = options.all ? undefined : fids;
    const [terms, act] = [await chain.terms(), await planMoveAct(reads, { owner, from, to, fids: fidsOf })];
    const { plan, calls, what, warnings, source } = act;
    if (plan.there > 0) console.log(`${plan.there} files are charged to ${plainText(to)} already`);
    if (plan.left.length > 0)
      console.log(tableText(plan.left.map(({ fid, why }) => [plainText(fid), `stays: ${plainText(why)}`])));
    if (calls.length === 0) {
      if (plan.left.length > 0) process.exitCode = 1;
      console.log(`there is nothing to move from ${plainText(from)}${pendingText(source.locked)}`);
      return;
    }
    await perform(
      wallet,
      terms,
      { what, calls, price: 0n, warnings },
      options,
      () => states(wallet, from, to),
      (client, onStep) => moveAll(client, calls, onStep),
    );
  });
}

/** Batch after batch, so that an interruption leaves little open. Rejects with CommandError when some were refused. */
async function moveAll(
  client: OwnerClient,
  calls: readonly MoveCall[],
  onStep: (step: string) => void,
): Promise<bigint> {
  let refused = 0;
  let done = 0;
  for (const batch of inBatches(calls)) {
    const results = await Promise.allSettled(batch.map((call) => client.submitTogether(call)));
    for (const [at, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      const error: unknown = result.reason;
      // Nobody knows what became of the batch.
      if (error instanceof ChainUnavailable) throw error;
      refused++;
      onStep(`${batch[at]?.fid ?? ""}: ${failureWords(error) ?? String(error)}`);
    }
    done += batch.length;
    onStep(`${done - refused} of ${calls.length} files are moved`);
  }
  if (refused > 0) throw new CommandError(`${refused} files could not be moved; the others are`);
  return 0n;
}

async function states(wallet: Wallet, from: string, to: string): Promise<string> {
  return `${await stateOf(wallet, from)}; ${await stateOf(wallet, to)}`;
}

function pendingText(locked: bigint): string {
  return locked === 0n
    ? ""
    : `; ${bytesText(Number(locked))} are held by deals that are not files yet, and can be moved when they are`;
}
