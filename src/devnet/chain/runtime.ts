import type { Spec } from "./cess-types.js";
import { BlockExecution } from "./execution.js";
import {
  decodeExtrinsic,
  encodeInherent,
  eraBirth,
  eraDeath,
  verifySignature,
  type SignedExtrinsic,
} from "./extrinsic.js";
import type { Logger } from "./logger.js";
import { metadataOf } from "./metadata.js";
import type { Pallet } from "./pallet.js";
import { Balances } from "./pallets/balances.js";
import { FileBank } from "./pallets/file-bank.js";
import { Oss } from "./pallets/oss.js";
import { Sminer } from "./pallets/sminer.js";
import { StorageHandler } from "./pallets/storage-handler.js";
import { runtimeVersion, System } from "./pallets/system.js";
import { Babe, Timestamp } from "./pallets/timestamp.js";
import { TransactionPayment } from "./pallets/transaction-payment.js";
import { Utility } from "./pallets/utility.js";
import { RuntimeTypes } from "./runtime-types.js";
import type { State } from "./state.js";

/** Why an extrinsic can not be included; the texts are those of a Substrate node. */
export type Invalidity = "Stale" | "Future" | "BadProof" | "Payment" | "AncientBirthBlock" | "ExhaustsResources";

export interface RuntimeSettings {
  readonly spec: Spec;
  readonly blockMs: number;
  /** Blocks that the runtime calls a day; a smaller number lets a test see a territory expire. */
  readonly dayBlocks: number;
}

export interface BlockId {
  readonly number: number;
  readonly hash: string;
}

/** The pallets put together: validates extrinsics and executes blocks, without knowing where the state is kept. */
export class Runtime {
  readonly system: System;
  readonly timestamp: Timestamp;
  readonly balances: Balances;
  readonly payment: TransactionPayment;
  readonly storageHandler: StorageHandler;
  readonly types: RuntimeTypes;
  readonly metadata: Uint8Array;
  readonly pallets: readonly Pallet[];
  genesisHash = "";

  constructor(
    readonly components: { readonly logger: Logger },
    readonly settings: RuntimeSettings,
  ) {
    const { spec, blockMs } = settings;
    this.system = new System(spec, () => this.types.eventRecord);
    this.timestamp = new Timestamp(blockMs);
    this.balances = new Balances(this.system);
    this.payment = new TransactionPayment(this.balances);
    const utility = new Utility(() => this.types.call);
    const oss = new Oss(spec);
    this.storageHandler = new StorageHandler(settings, this.balances);
    const miners = new Sminer(settings, this.balances, this.storageHandler);
    const fileBank = new FileBank(settings, oss, miners, this.storageHandler);
    const cess = [fileBank, miners, this.storageHandler, oss];
    this.pallets = [this.system, utility, new Babe(blockMs), this.timestamp, this.balances, this.payment, ...cess];
    this.types = new RuntimeTypes(spec, this.pallets);
    this.metadata = metadataOf(this.types);
  }

  decode(bytes: Uint8Array): SignedExtrinsic {
    return decodeExtrinsic(bytes, this.types.call);
  }

  /**
   * Whether an extrinsic could be included in the block after `parent`, whose state is `state`. A later nonce is
   * Future: the pool keeps it until its turn.
   */
  validate(extrinsic: SignedExtrinsic, state: State, parent: BlockId): Invalidity | undefined {
    const eraHash = this.eraHash(extrinsic, state, parent);
    if (eraHash === undefined) return "AncientBirthBlock";
    const { spec } = this.settings;
    const signing = {
      spec,
      transactionVersion: runtimeVersion(spec).transactionVersion,
      genesisHash: this.genesisHash,
      eraHash,
    };
    if (!verifySignature(extrinsic, signing)) return "BadProof";
    return this.validateAgain(extrinsic, state);
  }

  /** The part of validation that another extrinsic's inclusion can change. */
  validateAgain(extrinsic: SignedExtrinsic, state: State): Invalidity | undefined {
    const nonce = this.system.nonce(state, extrinsic.signer);
    if (extrinsic.nonce < nonce) return "Stale";
    if (!this.payment.canPay(state, extrinsic.signer, this.payment.fee(extrinsic.bytes.length) + extrinsic.tip))
      return "Payment";
    return extrinsic.nonce > nonce ? "Future" : undefined;
  }

  /** The first block in which an extrinsic that could be included in `block` no longer can. */
  death(extrinsic: SignedExtrinsic, block: number): number {
    return eraDeath(extrinsic.era, block);
  }

  /** Starts the block after `parent`; `now` is its timestamp in ms. */
  begin(state: State, parent: BlockId, now: number): BlockExecution {
    const execution = new BlockExecution(this, state, parent.number + 1);
    this.system.begin(execution.context, parent.hash);
    for (const pallet of this.pallets) pallet.initialize?.(execution.context);
    const time = { pallet: this.timestamp, name: "set", args: { now: BigInt(now) } };
    execution.applyInherent(time, encodeInherent(time, this.types.call));
    return execution;
  }

  private eraHash({ era }: SignedExtrinsic, state: State, parent: BlockId): string | undefined {
    if (era.period === 0) return this.genesisHash;
    const birth = eraBirth(era, parent.number + 1);
    // A block's own hash enters the state only with its child.
    if (birth === parent.number) return parent.hash;
    return this.system.blockHash.has(state, birth) ? this.system.blockHash.get(state, birth) : undefined;
  }
}
