import { AccountId, Balance, BlockNumber, WorkerPublicKey, type Spec } from "../cess-types.js";
import {
  constant,
  refuse,
  signedCall,
  type Call,
  type Constant,
  type Context,
  type DispatchFailure,
  type Pallet,
} from "../pallet.js";
import { array, bounded, compact, newtype, tuple, u128, u32 } from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import type { State } from "../state.js";
import { TOKEN, type Balances } from "./balances.js";
import {
  AddressOf,
  CompleteInfo,
  Expenders,
  FaucetRecord,
  ITEM_LIMIT,
  MINER_ERRORS,
  MinerCompleteInfo,
  minerEvents,
  minerInfo,
  RELEASE_NUMBER,
  RestoralTargetInfo,
  Reward,
  unservedMinerCalls,
  type MinerError,
  type MinerValue,
} from "./sminer-types.js";
import type { StorageHandler } from "./storage-handler.js";

const TIB = 1024n ** 4n;
/** Tokens at stake for each TiB that a storage node declares. */
const COLLATERAL_PER_TIB = 4000n * TOKEN;
const STAKING_LOCK_DAYS = 180;

/**
 * Storage nodes ("miners"). On the real chain one becomes positive, and gets idle space, by proofs that a trusted
 * execution environment signs; here registering declares the space and it is there at once. Rewards, faucet, exit and
 * restoral are in the metadata, but their calls are not served.
 */
export class Sminer implements Pallet {
  readonly name = "Sminer";
  readonly index = 105;
  readonly storage = new PalletStorage("Sminer");
  readonly minerItems;
  readonly counter = this.storage.value("CounterForMinerItems", u32, 0);
  readonly allMiner = this.storage.value("AllMiner", bounded(AccountId, ITEM_LIMIT), []);
  readonly rewardMap = this.storage.map("RewardMap", AccountId, Reward);
  readonly faucetRecordMap = this.storage.map("FaucetRecordMap", AccountId, FaucetRecord);
  readonly minerPublicKey = this.storage.map("MinerPublicKey", WorkerPublicKey, AccountId);
  readonly expenders = this.storage.value("Expenders", Expenders);
  readonly minerLock = this.storage.map("MinerLock", AccountId, BlockNumber);
  readonly restoralTarget = this.storage.map("RestoralTarget", AccountId, RestoralTargetInfo);
  readonly stakingStartBlock = this.storage.map("StakingStartBlock", AccountId, BlockNumber);
  readonly pendingReplacements = this.storage.map("PendingReplacements", AccountId, u128, 0n);
  readonly facuetReleaseRecord = this.storage.value("FacuetReleaseRecord", Balance, 0n);
  readonly returnStakingSchedule = this.storage.map(
    "ReturnStakingSchedule",
    BlockNumber,
    bounded(tuple<[string, string, bigint]>(AccountId, AccountId, Balance), ITEM_LIMIT),
    [],
  );
  readonly completeSnapShot = this.storage.map("CompleteSnapShot", u32, CompleteInfo, {
    minerCount: 0,
    totalPower: 0n,
  });
  readonly completeMinerSnapShot = this.storage.map(
    "CompleteMinerSnapShot",
    AccountId,
    bounded(MinerCompleteInfo, RELEASE_NUMBER),
    [],
  );
  readonly facuetWhitelist = this.storage.value("FacuetWhitelist", AccountId);
  readonly events;
  readonly errors: readonly string[];
  readonly constants: Readonly<Record<string, Constant>>;
  readonly calls: Readonly<Record<string, Call>>;

  constructor(
    readonly settings: { readonly spec: Spec; readonly dayBlocks: number },
    readonly balances: Balances,
    readonly space: StorageHandler,
  ) {
    const { spec, dayBlocks } = settings;
    this.minerItems = this.storage.map("MinerItems", AccountId, minerInfo(spec));
    this.events = minerEvents(spec);
    this.errors = spec !== 100 ? [...MINER_ERRORS, "UnableReduceDeclaration"] : MINER_ERRORS;
    const palletId = newtype("frame_support::PalletId", array(8));
    this.constants = {
      FaucetId: constant(palletId, Uint8Array.from(Buffer.from("facuetid"))),
      ItemLimit: constant(u32, ITEM_LIMIT),
      OneDayBlock: constant(u32, dayBlocks),
      StakingLockBlock: constant(u32, STAKING_LOCK_DAYS * dayBlocks),
      MaximumRelease: constant(u128, 20_000_000n * TOKEN),
    };
    this.calls = { ...this.served(), ...unservedMinerCalls(spec) };
  }

  /** Whether this storage node may report. Refuses an account that is not a storage node. */
  positive(state: State, account: string): boolean {
    return this.of(state, account).state === "positive";
  }

  /** Idle space that a reported deal takes. */
  lock(context: Context, account: string, space: bigint): void {
    const miner = this.of(context.state, account);
    const lockSpace = miner.lockSpace + space;
    this.put(context, account, { ...miner, idleSpace: this.minus(miner.idleSpace, space), lockSpace });
  }

  /** Undoes `lock`, when the deal can not become a file any more. */
  unlock(context: Context, account: string, space: bigint): void {
    const miner = this.of(context.state, account);
    this.put(context, account, {
      ...miner,
      lockSpace: this.minus(miner.lockSpace, space),
      idleSpace: miner.idleSpace + space,
    });
  }

  /** Frees the space of a fragment of a removed file. Nodes that have left are skipped. */
  free(context: Context, account: string, serviceSpace: bigint, lockSpace: bigint): void {
    const miner = this.minerItems.get(context.state, account);
    if (miner === undefined || miner.state === "exit") return;
    this.put(context, account, {
      ...miner,
      serviceSpace: this.minus(miner.serviceSpace, serviceSpace),
      lockSpace: this.minus(miner.lockSpace, lockSpace),
    });
  }

  /** Idle files that the node must replace, now that their space is used. */
  addPendingReplacement(context: Context, account: string, space: bigint): void {
    this.pendingReplacements.put(context.state, this.pendingReplacements.get(context.state, account) + space, account);
  }

  refuse(error: MinerError): DispatchFailure {
    return refuse(this, error);
  }

  private served(): Record<string, Call> {
    const { spec } = this.settings;
    const address = AddressOf[spec];
    const register = (
      context: Context,
      acc: string,
      beneficiary: string,
      endpoint: string,
      stake: bigint,
      tibCount: number,
    ): void => this.register(context, acc, { beneficiary, endpoint, stake, tibCount });
    const update = (context: Context, acc: string, endpoint: string): void => {
      const miner = this.of(context.state, acc);
      this.put(context, acc, { ...miner, endpoint });
      context.emit(this, spec !== 100 ? "UpdateEndPoint" : "UpdatePeerId", { acc, old: miner.endpoint, new: endpoint });
    };
    return {
      regnstk:
        spec !== 100
          ? signedCall(
              0,
              { beneficiary: AccountId, endpoint: address, stakingVal: Balance, tibCount: u32 },
              (context, acc, given) =>
                register(context, acc, given.beneficiary, given.endpoint, given.stakingVal, given.tibCount),
            )
          : signedCall(
              0,
              { beneficiary: AccountId, peerId: address, stakingVal: Balance, tibCount: u32 },
              (context, acc, given) =>
                register(context, acc, given.beneficiary, given.peerId, given.stakingVal, given.tibCount),
            ),
      increaseCollateral: signedCall(
        1,
        { miner: AccountId, collaterals: compact(u128) },
        (context, acc, { miner, collaterals }) => this.increaseCollateral(context, acc, miner, collaterals),
      ),
      updateBeneficiary: signedCall(2, { beneficiary: AccountId }, (context, acc, { beneficiary }) => {
        this.put(context, acc, { ...this.of(context.state, acc), beneficiary });
        context.emit(this, "UpdateBeneficiary", { acc, new: beneficiary });
      }),
      ...(spec !== 100
        ? {
            updateEndpoint: signedCall(3, { endpoint: address }, (context, acc, { endpoint }) =>
              update(context, acc, endpoint),
            ),
          }
        : {
            updatePeerId: signedCall(3, { peerId: address }, (context, acc, { peerId }) =>
              update(context, acc, peerId),
            ),
          }),
      increaseDeclarationSpace: signedCall(18, { tibCount: u32 }, (context, miner, { tibCount }) =>
        this.declareMore(context, miner, TIB * BigInt(tibCount)),
      ),
    };
  }

  private register(
    context: Context,
    acc: string,
    {
      beneficiary,
      endpoint,
      stake,
      tibCount,
    }: { beneficiary: string; endpoint: string; stake: bigint; tibCount: number },
  ): void {
    const { state, block } = context;
    if (this.minerItems.has(state, acc)) throw this.refuse("AlreadyRegistered");
    if (stake < COLLATERAL_PER_TIB * BigInt(tibCount)) throw this.refuse("CollateralNotUp");
    this.balances.reserve(context, acc, stake);
    this.stakingStartBlock.put(state, block, acc);
    const space = TIB * BigInt(tibCount);
    this.put(context, acc, {
      beneficiary,
      stakingAccount: acc,
      endpoint,
      collaterals: stake,
      debt: 0n,
      // On the real chain: "not ready" without space, until a trusted execution environment has signed for both.
      state: "positive",
      declarationSpace: space,
      idleSpace: space,
      serviceSpace: 0n,
      lockSpace: 0n,
      spaceProofInfo: undefined,
      serviceBloomFilter: new Uint8Array(2048),
      teeSignature: new Uint8Array(64),
    });
    this.space.addIdle(context, space);
    this.counter.put(state, this.counter.get(state) + 1);
    this.allMiner.put(state, [...this.allMiner.get(state), acc]);
    this.rewardMap.put(state, { totalReward: 0n, rewardIssued: 0n, orderList: [] }, acc);
    context.emit(this, "Registered", { acc });
  }

  private increaseCollateral(context: Context, acc: string, account: string, amount: bigint): void {
    const miner = this.of(context.state, account);
    if (["offline", "lock", "exit"].includes(miner.state)) throw this.refuse("StateError");
    if (miner.stakingAccount !== acc) throw this.refuse("NotStakingAcc");
    const collaterals = miner.collaterals + amount;
    const enough = collaterals >= stakeFor(miner.declarationSpace);
    this.balances.reserve(context, acc, amount);
    this.put(context, account, {
      ...miner,
      collaterals,
      state: miner.state === "frozen" && enough ? "positive" : miner.state,
    });
    this.stakingStartBlock.put(context.state, context.block, account);
    context.emit(this, "IncreaseCollateral", { acc, balance: collaterals });
  }

  /**
   * Space beyond what the collateral covers freezes the node, as on the real chain; space that is covered is idle at
   * once.
   */
  private declareMore(context: Context, account: string, space: bigint): void {
    const miner = this.of(context.state, account);
    if (miner.state !== "positive") throw this.refuse("StateError");
    const declarationSpace = miner.declarationSpace + space;
    const covered = stakeFor(declarationSpace) <= miner.collaterals;
    this.put(context, account, {
      ...miner,
      declarationSpace,
      idleSpace: miner.idleSpace + (covered ? space : 0n),
      state: covered ? "positive" : "frozen",
    });
    if (covered) this.space.addIdle(context, space);
    context.emit(this, "IncreaseDeclarationSpace", { miner: account, space });
  }

  private of(state: State, account: string): MinerValue {
    const miner = this.minerItems.get(state, account);
    if (miner === undefined) throw this.refuse("NotMiner");
    return miner;
  }

  private put(context: Context, account: string, miner: MinerValue): void {
    this.minerItems.put(context.state, miner, account);
  }

  private minus(from: bigint, amount: bigint): bigint {
    if (amount > from) throw this.refuse("Overflow");
    return from - amount;
  }
}

function stakeFor(space: bigint): bigint {
  return ((space + TIB - 1n) / TIB) * COLLATERAL_PER_TIB;
}
