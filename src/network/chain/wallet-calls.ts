import type { ApiPromise } from "@polkadot/api";
import type { SignerPayloadJSON } from "@polkadot/types/types";
import type { CessAccount } from "../../model/account.js";
import { abortable } from "../../async/abort.js";
import { asError } from "../../model/errors.js";
import { InvalidAccount, parseAccount } from "./accounts.js";
import { itemOutcomes } from "./call-batcher.js";
import type { ChainSession } from "./chain-session.js";
import { ChainUnavailable, ExtrinsicLost, type ChainRefusal } from "./chain.js";
import type { FinalizedBlock } from "./finalized-blocks.js";
import { RpcRefusal } from "./link.js";
import { OWNER_CALL_NAMES, ownerExtrinsics, spentBy } from "./owner-calls.js";
import { extrinsicOutcome, refusalOf } from "./submitter.js";
import type { OwnerCall, WalletPayload } from "./territory-chain.js";

/** Blocks during which a call that a wallet is shown can be included: a person reads it first. */
const ERA_BLOCKS = 128;
/** The longest that is waited for the end of a call, ms. */
const FINAL_MS = 180_000;

/** What a wallet has signed is no call that is passed on here. The message says why, for its user. */
export class NoWalletCall extends Error {}

export interface WalletOutcome {
  /** The price, in the token's smallest units. */
  readonly paid: bigint;
  /** Why calls of a batch were refused. The others were done. */
  readonly refused: readonly ChainRefusal[];
}

/** Owners' calls that are signed by a wallet elsewhere, such as a browser's extension. */
export class WalletCalls {
  constructor(private readonly session: Pick<ChainSession, "connection" | "blocks">) {}

  /** What the wallet of `account` is to sign: one extrinsic with these calls. Rejects with ChainUnavailable. */
  payload(calls: readonly OwnerCall[], account: CessAccount): Promise<WalletPayload> {
    const { connection } = this.session;
    return connection.call(async (link) => {
      const { api } = link;
      const head = await connection.finalizedHead(link);
      const nonce = Number(await link.send("system_accountNextIndex", [account]));
      const extrinsic = ownerExtrinsics(api, calls);
      const payload = api.registry.createTypeUnsafe("SignerPayload", [
        {
          address: account,
          blockHash: head.hash,
          blockNumber: head.number,
          era: api.registry.createType("ExtrinsicEra", { current: head.number, period: ERA_BLOCKS }),
          genesisHash: api.genesisHash,
          method: extrinsic.method,
          nonce,
          runtimeVersion: api.runtimeVersion,
          signedExtensions: api.registry.signedExtensions,
          tip: 0,
          version: extrinsic.version,
        },
      ]) as unknown as { toPayload(): SignerPayloadJSON };
      return payload.toPayload() as WalletPayload;
    });
  }

  /**
   * Sends calls with their signature, and waits until they are final. Rejects with NoWalletCall, and as OwnerSigner's
   * `submit`.
   */
  async submit(payload: WalletPayload, signature: `0x${string}`): Promise<WalletOutcome> {
    const { connection, blocks } = this.session;
    const account = accountOf(payload);
    const { hex, death } = await connection.call((link) => Promise.resolve(signed(link.api, payload, signature)));
    let stop: () => void = () => undefined;
    // Watched before it is sent: it may be final at once.
    const done = new Promise<WalletOutcome>((resolve, reject) => {
      const onBlock = async (block: FinalizedBlock) => {
        const position = (await block.extrinsics()).indexOf(hex);
        if (position >= 0) {
          const outcome = await extrinsicOutcome(block, position);
          if (outcome instanceof Error) reject(outcome);
          else resolve({ paid: spentBy(outcome), refused: itemOutcomes(outcome).filter((each) => each !== undefined) });
        } else if (block.number >= death)
          reject(new ExtrinsicLost(`it was not included until its era ended at block ${block.number}`));
      };
      const onGap = async (missed?: { readonly from: number; readonly to: number }) => {
        for (let number = missed?.from ?? 1; number <= (missed?.to ?? 0); number++)
          await onBlock(await blocks.at(number));
      };
      stop = blocks.watch({ onBlock, onGap });
    });
    done.catch(() => undefined);
    const timeout = AbortSignal.timeout(FINAL_MS);
    try {
      await connection
        .call((link) => link.send("author_submitExtrinsic", [hex]))
        .catch((error: unknown) => {
          const refused = error instanceof RpcRefusal ? refusalOf(error, account) : asError(error);
          if (refused !== undefined) throw refused;
        });
      return await abortable(done, [timeout, connection.closing]);
    } catch (error) {
      if (error === timeout.reason)
        throw new ChainUnavailable(`it was not final after ${FINAL_MS / 1000} s, and may still be included`);
      throw error;
    } finally {
      stop();
    }
  }
}

function accountOf({ address }: WalletPayload): CessAccount {
  try {
    return parseAccount(address);
  } catch (error) {
    if (error instanceof InvalidAccount) throw new NoWalletCall(error.message);
    throw error;
  }
}

/** The extrinsic's bytes, and the last block that may have it. Throws NoWalletCall. */
function signed(api: ApiPromise, payload: WalletPayload, signature: `0x${string}`): { hex: string; death: number } {
  if (payload.genesisHash !== api.genesisHash.toHex()) throw new NoWalletCall("this was signed for another chain");
  try {
    const call = api.registry.createType("Call", payload.method);
    requireOwnerCalls(call);
    const extrinsic = api.registry.createType("Extrinsic", { method: call }, { version: payload.version });
    extrinsic.addSignature(payload.address, signature, payload as unknown as SignerPayloadJSON);
    const era = api.registry.createType("ExtrinsicEra", payload.era);
    if (!era.isMortalEra) throw new NoWalletCall("this was signed for all time: it must end with an era");
    const number = Number(api.registry.createType("BlockNumber", payload.blockNumber).toString());
    return { hex: extrinsic.toHex(), death: era.asMortalEra.death(number) - 1 };
  } catch (error) {
    if (error instanceof NoWalletCall) throw error;
    throw new NoWalletCall("what was signed cannot be read by this chain's runtime", { cause: error });
  }
}

interface Call {
  readonly section: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A call of territories, or one batch of such. Throws NoWalletCall. */
function requireOwnerCalls(call: Call): void {
  const name = ({ section, method }: Call) => `${section}.${method}`;
  const all = name(call) === "utility.forceBatch" ? [...(call.args[0] as Iterable<Call>)] : [call];
  const other = all.find((each) => !Object.values(OWNER_CALL_NAMES).includes(name(each)));
  if (other) throw new NoWalletCall(`${name(other)} is no call of territories`);
}
