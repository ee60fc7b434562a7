import { bytesText, plainText, tableText } from "../text.js";
import { CommandError } from "../command-error.js";
import { failureWords } from "../../network/chain/refusal-words.js";
import type { OwnerClient } from "../../network/chain/owner-client.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import type { Fid } from "../../model/hash.js";
import { planMove } from "../territory/move-plan.js";
import { inBatches, perform, settled, type SigningOptions } from "../territory/perform.js";
import { existingTerritory, stateOf, territoryName } from "../territory/words.js";
import { withWallet, type Wallet, type WalletOptions } from "../territory/wallet.js";

export interface MoveOptions extends WalletOptions, SigningOptions {
  readonly from: string;
  readonly to: string;
  readonly all?: boolean;
}

const KEPT_RECORD =
  "the chain charges moved files to the new territory, and they end with it, but their own records keep the old name: " +
  "deleting one later gives its space back to the old territory, and is refused while that has less in use";

/**
 * `cess-s3 territory move --from NAME --to NAME [--all | FID…]`: charges files to another territory of their owner. What
 * is there already is left out, so it can be repeated after an interruption.
 */
export async function runMove(fids: readonly string[], options: MoveOptions): Promise<void> {
  const [from, to] = [territoryName(options.from), territoryName(options.to)];
  if (from === to) throw new CommandError("--from and --to name the same territory: nothing would change");
  if (fids.length > 0 === (options.all === true))
    throw new CommandError("say what to move: --all for all files of the territory, or their FIDs");
  await withWallet(options, async (wallet) => {
    const { chain, account: owner, session } = wallet;
    const [terms, source, target] = [
      await chain.terms(),
      await existingTerritory(wallet, from),
      await existingTerritory(wallet, to),
    ];
    if (target.state !== "active")
      throw new CommandError(`the territory ${plainText(to)} is ${target.state}, and takes no files`);
    // A call that was signed before an interruption may be on its way: sent twice it would take the space twice.
    await settled(wallet);
    const reads = {
      heldFiles: (of: typeof owner) => chain.heldFiles(of),
      file: (fid: Fid) => session.reader.file(fid),
    };
    const plan = await planMove(reads, { owner, from, to, fids: options.all ? undefined : fids });
    if (plan.there > 0) console.log(`${plan.there} files are charged to ${plainText(to)} already`);
    if (plan.left.length > 0)
      console.log(tableText(plan.left.map(({ fid, why }) => [plainText(fid), `stays: ${plainText(why)}`])));
    if (plan.fids.length === 0) {
      if (plan.left.length > 0) process.exitCode = 1;
      console.log(`there is nothing to move from ${plainText(from)}${pendingText(source.locked)}`);
      return;
    }
    if (plan.bytes > target.remaining)
      throw new CommandError(
        `the files need ${bytesText(Number(plan.bytes))}, and ${plainText(to)} has ${bytesText(Number(target.remaining))} left: ` +
          "cess-s3 territory expand it, or name fewer files",
      );
    const calls = plan.fids.map((fid) => ({ kind: "move", owner, fid, territory: to }) as const);
    const what = `move ${plan.fids.length} files (${bytesText(Number(plan.bytes))} of space) from ${plainText(from)} to ${plainText(to)}`;
    await perform(
      wallet,
      terms,
      { what, calls, price: 0n, warnings: [KEPT_RECORD] },
      options,
      () => states(wallet, from, to),
      (client, onStep) => moveAll(client, calls, onStep),
    );
  });
}

type MoveCall = Parameters<OwnerClient["submitTogether"]>[0] & { readonly fid: Fid };

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
