import { AccountId, FileName, type Spec } from "../cess-types.js";
import { bounded } from "../scale/types.js";
import type { Context } from "../pallet.js";
import type { PalletStorage, StorageMap } from "../storage.js";
import type { Value } from "../scale/types.js";
import { BUCKET_LIMIT, BucketInfo, type UserBriefValue } from "./file-bank-types.js";

/** The runtime's table: j and J are missing, g and G stand in their place. */
const ALLOWED = /^[A-IK-Za-ik-z0-9._-]*$/;

/** Spec 100's buckets on chain, a list of files under a name. Later ones have none. */
export class Buckets {
  private readonly bucket:
    StorageMap<[string, string], Value<typeof BucketInfo>, Value<typeof BucketInfo> | undefined> | undefined;
  private readonly userBucketList: StorageMap<[string], string[], string[]> | undefined;

  constructor(
    spec: Spec,
    storage: PalletStorage,
    readonly refuse: (error: string) => Error,
  ) {
    if (spec !== 100) return;
    this.bucket = storage.doubleMap("Bucket", AccountId, FileName, BucketInfo);
    this.userBucketList = storage.map("UserBucketList", AccountId, bounded(FileName, BUCKET_LIMIT), []);
  }

  create(context: Context, owner: string, name: string): void {
    const { state } = context;
    if (this.bucket?.has(state, owner, name) === true) throw this.refuse("Existed");
    if (name.length < 3 || !allowedName(name)) throw this.refuse("SpecError");
    const list = this.userBucketList?.get(state, owner) ?? [];
    if (list.length >= BUCKET_LIMIT) throw this.refuse("LengthExceedsLimit");
    this.userBucketList?.put(state, [...list, name], owner);
    this.bucket?.put(state, { objectList: [], authority: [owner] }, owner, name);
  }

  remove(context: Context, owner: string, name: string): void {
    const bucket = this.bucket?.get(context.state, owner, name);
    if (bucket === undefined) throw this.refuse("NonExistent");
    if (bucket.objectList.length > 0) throw this.refuse("NotEmpty");
    this.bucket?.remove(context.state, owner, name);
    const list = this.userBucketList?.get(context.state, owner) ?? [];
    this.userBucketList?.put(
      context.state,
      list.filter((other) => other !== name),
      owner,
    );
  }

  /**
   * Puts a file into its owner's bucket, and creates that when it is missing. The name is checked only now: a deal
   * whose bucket has a forbidden letter in its name can be declared and reported, but never completed.
   */
  addFile(context: Context, { user, bucketName }: UserBriefValue, fileHash: string): void {
    if (this.bucket === undefined) return;
    if (!this.bucket.has(context.state, user, bucketName)) this.create(context, user, bucketName);
    const bucket = this.bucket.get(context.state, user, bucketName);
    if (bucket === undefined || bucket.objectList.includes(fileHash)) return;
    this.bucket.put(context.state, { ...bucket, objectList: [...bucket.objectList, fileHash] }, user, bucketName);
  }

  /** Removes a file; the bucket stays, even when it is empty. */
  removeFile(context: Context, { user, bucketName }: UserBriefValue, fileHash: string): void {
    const bucket = this.bucket?.get(context.state, user, bucketName);
    if (bucket === undefined) return;
    const objectList = bucket.objectList.filter((other) => other !== fileHash);
    this.bucket?.put(context.state, { ...bucket, objectList }, user, bucketName);
  }
}

function allowedName(name: string): boolean {
  return ALLOWED.test(name) && !name.includes("..") && name.split(".").length !== 4;
}
