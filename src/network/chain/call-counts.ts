import { ChainRefusal, ExtrinsicLost, FeesUnpaid } from "./chain.js";

/**
 * How a call ended. `refused`: the pallet refused it, and its fee is paid. `lost`: it was never included. `unpaid`: the
 * same, because the account has too few tokens. `unknown`: nobody saw the outcome; it may be included yet.
 */
export const callResults = ["success", "refused", "lost", "unpaid", "unknown"] as const;
export type CallResult = (typeof callResults)[number];

/** Calls of this account that ended since the start, alone or together in one extrinsic. */
export class CallCounts {
  private readonly counts = new Map<string, Record<CallResult, number>>();

  /** The result of `work`, which is counted under the call's name, such as `fileBank.deleteFile`. */
  async count<T>(call: string, work: Promise<T>): Promise<T> {
    const of = this.counts.get(call) ?? { success: 0, refused: 0, lost: 0, unpaid: 0, unknown: 0 };
    this.counts.set(call, of);
    try {
      const value = await work;
      of.success++;
      return value;
    } catch (error) {
      of[resultOf(error)]++;
      throw error;
    }
  }

  all(): { readonly call: string; readonly result: CallResult; readonly count: number }[] {
    return [...this.counts].flatMap(([call, of]) => callResults.map((result) => ({ call, result, count: of[result] })));
  }
}

function resultOf(error: unknown): CallResult {
  if (error instanceof ChainRefusal) return "refused";
  if (error instanceof FeesUnpaid) return "unpaid";
  return error instanceof ExtrinsicLost ? "lost" : "unknown";
}
