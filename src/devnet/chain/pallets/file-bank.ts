import { AccountId, FileName, Hash, TerritoryName, type Spec } from "../cess-types.js";
import { DispatchFailure, refuse, signedCall, type Call, type Constant, type Context, type Pallet } from "../pallet.js";
import { bounded, toLatin1, tuple, u128, u8, type Fields } from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import { Buckets } from "./buckets.js";
import {
  FILE_BANK_ERRORS,
  fileBankConstants,
  fileBankEvents,
  NAME_MIN,
  unservedFileBankCalls,
} from "./file-bank-metadata.js";
import {
  DealSegments,
  FRAGMENT_COUNT,
  fileBankTypes,
  OWNER_LIMIT,
  RestoralOrderInfo,
  USER_FILE_LIMIT,
  UserFileSliceInfo,
  type DealValue,
  type FileValue,
  type UserBriefValue,
} from "./file-bank-types.js";
import type { Oss } from "./oss.js";
import type { Sminer } from "./sminer.js";
import type { StorageHandler } from "./storage-handler.js";

const MIB = 1024n ** 2n;
const FRAGMENT_SIZE = 8n * MIB;
/** Files that the end of territories clears in one block. */
const CLEARED_PER_BLOCK = 300;

/**
 * Deals and files, with the real pallet's hazards: a deal declared again is overwritten and its space locked twice, a
 * file may list one owner twice, and a deletion for someone who is not an owner succeeds. Restoral and the TEE's calls
 * are not served.
 */
export class FileBank implements Pallet {
  readonly name = "FileBank";
  readonly index = 104;
  readonly storage = new PalletStorage("FileBank");
  readonly dealMap;
  readonly file;
  readonly userHoldFileList = this.storage.map(
    "UserHoldFileList",
    AccountId,
    bounded(UserFileSliceInfo, USER_FILE_LIMIT),
    [],
  );
  readonly restoralOrder = this.storage.map("RestoralOrder", Hash, RestoralOrderInfo);
  readonly clearUserList = this.storage.value(
    "ClearUserList",
    bounded(tuple<[string, string]>(AccountId, TerritoryName), 2000),
    [],
  );
  readonly taskFailedCount = this.storage.map("TaskFailedCount", AccountId, u8, 0);
  readonly events: Readonly<Record<string, Fields>>;
  readonly errors: readonly string[];
  readonly constants: Readonly<Record<string, Constant>>;
  readonly calls: Readonly<Record<string, Call>>;
  private readonly buckets: Buckets;

  constructor(
    readonly settings: { readonly spec: Spec; readonly dayBlocks: number },
    readonly oss: Oss,
    readonly miners: Sminer,
    readonly space: StorageHandler,
  ) {
    const { spec, dayBlocks } = settings;
    const { DealInfo, FileInfo, UserBrief } = fileBankTypes(spec);
    this.dealMap = this.storage.map("DealMap", Hash, DealInfo);
    this.file = this.storage.map("File", Hash, FileInfo);
    this.buckets = new Buckets(spec, this.storage, (error) => refuse(this, error));
    this.errors = spec === 100 ? FILE_BANK_ERRORS : FILE_BANK_ERRORS.filter((error) => error !== "SameBucketName");
    this.events = fileBankEvents(spec);
    this.constants = fileBankConstants(spec, dayBlocks);
    this.calls = {
      uploadDeclaration: signedCall(
        0,
        { fileHash: Hash, dealInfo: DealSegments, userBrief: UserBrief, fileSize: u128 },
        (context, signer, { fileHash, dealInfo, userBrief, fileSize }) =>
          this.declare(context, signer, fileHash, {
            segmentList: dealInfo,
            user: userBrief,
            fileSize,
            completeList: [],
          }),
      ),
      territoryFileDelivery: signedCall(
        2,
        { user: AccountId, fileHash: Hash, targetTerritory: TerritoryName },
        (context, signer, { user, fileHash, targetTerritory }) =>
          this.deliver(context, signer, user, fileHash, targetTerritory),
      ),
      transferReport: signedCall(3, { index: u8, dealHash: Hash }, (context, signer, { index, dealHash }) =>
        this.report(context, signer, index, dealHash),
      ),
      deleteFile: signedCall(6, { owner: AccountId, fileHash: Hash }, (context, operator, { owner, fileHash }) => {
        this.checkPermission(context, operator, owner);
        this.deleteFor(context, owner, fileHash);
        context.emit(this, "DeleteFile", { operator, owner, fileHash });
      }),
      ...(spec === 100 && this.bucketCalls()),
      ...unservedFileBankCalls,
    };
  }

  /** Clears the files of territories that ended with this block. */
  initialize(context: Context): void {
    const ended = this.space.endTerritories(context);
    this.clearUserList.put(context.state, ended);
    let left = CLEARED_PER_BLOCK;
    for (const [owner, territory] of ended) {
      const list = this.userHoldFileList.get(context.state, owner);
      // As in the real runtime, entries of the owner's other territories are removed from the list too, though their
      // files stay, and what one block cannot clear is not cleared later.
      for (let slice = list.pop(); slice !== undefined; slice = list.pop()) {
        if (slice.territoryName !== territory) continue;
        left -= 1;
        if (left <= 0) break;
        this.clear(context, owner, slice.fileHash);
      }
      // Spec 136 leaves the list as it was, with files that are gone.
      if (this.settings.spec !== 136) this.userHoldFileList.put(context.state, list, owner);
      if (left <= 0) return;
      const others = this.clearUserList.get(context.state).filter(([other]) => other !== owner);
      this.clearUserList.put(context.state, others);
    }
  }

  private bucketCalls(): Record<string, Call> {
    const named = (
      index: number,
      event: string,
      change: (context: Context, owner: string, name: string) => void,
    ): Call =>
      signedCall(index, { owner: AccountId, name: FileName }, (context, operator, { owner, name }) => {
        this.checkPermission(context, operator, owner);
        change(context, owner, name);
        context.emit(this, event, { operator, owner, bucketName: toLatin1(name) });
      });
    return {
      createBucket: named(11, "CreateBucket", (...given) => this.buckets.create(...given)),
      deleteBucket: named(12, "DeleteBucket", (...given) => this.buckets.remove(...given)),
    };
  }

  private declare(context: Context, operator: string, dealHash: string, deal: DealValue): void {
    const { user, segmentList } = deal;
    this.checkPermission(context, operator, user.user);
    if (segmentList.some(({ fragmentList }) => fragmentList.length !== FRAGMENT_COUNT)) throw refuse(this, "SpecError");
    const tooShort =
      user.fileName.length < NAME_MIN || (this.settings.spec === 100 && user.bucketName.length < NAME_MIN);
    if (tooShort) throw refuse(this, "SpecError");
    const stored = this.file.get(context.state, dealHash);
    if (stored !== undefined) this.addOwner(context, dealHash, stored, user);
    else {
      const space = fileSpace(segmentList.length);
      this.checkRoom(context, user, space);
      this.space.lock(context, user.user, user.territoryName, space);
      // A pending deal of the same hash is overwritten silently, and the space that it locked stays locked.
      this.dealMap.put(context.state, deal, dealHash);
    }
    context.emit(this, "UploadDeclaration", { operator, owner: user.user, dealHash });
  }

  /**
   * Adds an owner to a stored file, at once and without a transfer. Specs 100 and 136 charge half of what deletion releases.
   */
  private addOwner(context: Context, fileHash: string, stored: FileValue, user: UserBriefValue): void {
    const full = fileSpace(stored.segmentList.length);
    const space = this.settings.spec === 133 ? full : full / 2n;
    this.checkRoom(context, user, space);
    this.space.use(context, user.user, user.territoryName, space);
    this.hold(context, user, fileHash, space);
    if (stored.owner.length >= OWNER_LIMIT) throw refuse(this, "BoundedVecError");
    this.file.put(context.state, { ...stored, owner: [...stored.owner, user] }, fileHash);
    this.buckets.addFile(context, user, fileHash);
  }

  private report(context: Context, acc: string, index: number, dealHash: string): void {
    if (index > FRAGMENT_COUNT || index === 0) throw refuse(this, "SpecError");
    if (!this.miners.positive(context.state, acc)) throw refuse(this, "MinerStateError");
    const deal = this.dealMap.get(context.state, dealHash);
    if (deal === undefined) throw refuse(this, "NonExistent");
    const share = FRAGMENT_SIZE * BigInt(deal.segmentList.length);
    if (this.space.isExpired(context.state, deal.user.user, deal.user.territoryName)) {
      for (const { miner } of deal.completeList) this.miners.unlock(context, miner, share);
      this.dealMap.remove(context.state, dealHash);
      return;
    }
    const taken = deal.completeList.some((done) => done.index === index || done.miner === acc);
    if (taken) throw refuse(this, "Existed");
    this.miners.lock(context, acc, share);
    const reported = { ...deal, completeList: [...deal.completeList, { index, miner: acc }] };
    if (reported.completeList.length < FRAGMENT_COUNT) this.dealMap.put(context.state, reported, dealHash);
    else this.complete(context, dealHash, reported, share);
    context.emit(this, "TransferReport", { acc, dealHash });
  }

  private complete(context: Context, fileHash: string, deal: DealValue, share: bigint): void {
    const { state, block } = context;
    for (const { miner } of deal.completeList) this.miners.addPendingReplacement(context, miner, share);
    const byIndex = [...deal.completeList].sort((a, b) => a.index - b.index).map(({ miner }) => miner);
    const segmentList = deal.segmentList.map(({ hash, fragmentList }) => ({
      hash,
      fragmentList: fragmentList.map((fragment, i) => ({
        hash: fragment,
        avail: true,
        tag: undefined,
        miner: byIndex[i] ?? "",
      })),
    }));
    const { user, fileSize } = deal;
    this.file.put(state, { segmentList, owner: [user], fileSize, completion: block, stat: "Active" }, fileHash);
    const space = fileSpace(segmentList.length);
    this.space.useLocked(context, user.user, user.territoryName, space);
    this.space.idleToService(context, space);
    this.buckets.addFile(context, user, fileHash);
    this.hold(context, user, fileHash, space);
    this.dealMap.remove(state, fileHash);
    context.emit(this, "StorageCompleted", { fileHash });
  }

  /** Charges a file to another territory of its owner. */
  private deliver(context: Context, operator: string, user: string, fileHash: string, target: string): void {
    const { state } = context;
    this.checkPermission(context, operator, user);
    const stored = this.file.get(state, fileHash);
    if (stored?.owner.some((brief) => brief.user === user) !== true) throw refuse(this, "NotOwner");
    if (stored.stat !== "Active") throw refuse(this, "NotActive");
    if (!this.space.exists(state, user, target)) throw this.space.refuse("NotHaveTerritory");
    const space = fileSpace(stored.segmentList.length);
    const owner = stored.owner.map((brief) => {
      if (brief.user !== user) return brief;
      this.space.release(context, user, brief.territoryName, space);
      this.space.use(context, user, target, space);
      return { ...brief, territoryName: target };
    });
    this.file.put(state, { ...stored, owner }, fileHash);
    const list = this.userHoldFileList.get(state, user);
    this.userHoldFileList.put(
      state,
      list.map((slice) => (slice.fileHash === fileHash ? { ...slice, territoryName: target } : slice)),
      user,
    );
    context.emit(this, "TerritoryFileDelivery", { fileHash, newTerritory: target });
  }

  /** Removes every listing of the owner. For someone who is not an owner it removes nothing, and succeeds. */
  private deleteFor(context: Context, owner: string, fileHash: string): void {
    const { state } = context;
    const stored = this.file.get(state, fileHash);
    if (stored === undefined) throw refuse(this, "NonExistent");
    for (const brief of stored.owner.filter(({ user }) => user === owner)) {
      // The count is from before: when a sole owner is listed twice, both are removed and the file stays without an
      // owner.
      if (stored.owner.length > 1) this.removeOwner(context, owner, fileHash, true);
      else this.removeFile(context, owner, fileHash, true);
      this.buckets.removeFile(context, brief, fileHash);
    }
    const list = this.userHoldFileList.get(state, owner);
    this.userHoldFileList.put(
      state,
      list.filter((slice) => slice.fileHash !== fileHash),
      owner,
    );
  }

  /** Clears a file of a territory that has ended: no space is released, and on a failure the file stays. */
  private clear(context: Context, owner: string, fileHash: string): void {
    const stored = this.file.get(context.state, fileHash);
    if (stored === undefined) return;
    try {
      if (stored.owner.length > 1) this.removeOwner(context, owner, fileHash, false);
      else this.removeFile(context, owner, fileHash, false);
    } catch (error) {
      if (!(error instanceof DispatchFailure)) throw error;
    }
  }

  private removeOwner(context: Context, owner: string, fileHash: string, releaseSpace: boolean): void {
    const stored = this.file.get(context.state, fileHash);
    const at = stored?.owner.findIndex(({ user }) => user === owner) ?? -1;
    if (stored === undefined || at < 0) return;
    const territory = stored.owner[at]?.territoryName ?? "";
    if (releaseSpace) this.space.release(context, owner, territory, fileSpace(stored.segmentList.length));
    this.file.put(context.state, { ...stored, owner: stored.owner.filter((_brief, i) => i !== at) }, fileHash);
  }

  private removeFile(context: Context, owner: string, fileHash: string, releaseSpace: boolean): void {
    const stored = this.file.get(context.state, fileHash);
    if (stored === undefined) throw refuse(this, "NonExistent");
    for (const { miner, tag } of stored.segmentList.flatMap(({ fragmentList }) => fragmentList)) {
      this.miners.free(context, miner, tag === undefined ? 0n : FRAGMENT_SIZE, tag === undefined ? FRAGMENT_SIZE : 0n);
    }
    const space = fileSpace(stored.segmentList.length);
    const brief = stored.owner.find(({ user }) => user === owner);
    if (releaseSpace && brief !== undefined) this.space.release(context, owner, brief.territoryName, space);
    this.space.subService(context, space);
    this.file.remove(context.state, fileHash);
  }

  private hold(context: Context, { user, territoryName }: UserBriefValue, fileHash: string, fileSize: bigint): void {
    const list = this.userHoldFileList.get(context.state, user);
    // Only an entry with the same territory and size, too, is refused.
    const same = list.some(
      (slice) => slice.fileHash === fileHash && slice.territoryName === territoryName && slice.fileSize === fileSize,
    );
    if (same) throw refuse(this, "Existed");
    if (list.length >= USER_FILE_LIMIT) throw refuse(this, "StorageLimitReached");
    this.userHoldFileList.put(context.state, [...list, { territoryName, fileHash, fileSize }], user);
  }

  /** Strictly more must be left than needed. */
  private checkRoom(context: Context, { user, territoryName }: UserBriefValue, needed: bigint): void {
    if (this.space.remaining(context.state, user, territoryName) <= needed)
      throw refuse(this, "InsufficientAvailableSpace");
  }

  private checkPermission(context: Context, operator: string, owner: string): void {
    if (operator !== owner && !this.oss.authorized(context.state, owner, operator)) throw refuse(this, "NoPermission");
  }
}

/** Bytes charged for a file: three copies of each segment, whatever `file_size` says. */
function fileSpace(segments: number): bigint {
  return FRAGMENT_SIZE * BigInt(FRAGMENT_COUNT) * BigInt(segments);
}
