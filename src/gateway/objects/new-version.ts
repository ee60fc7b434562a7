import type { NewVersion } from "../../catalog/catalog.js";
import { defined, type Undefinable } from "../../model/defined.js";
import type { BucketCall } from "../call.js";

/** The members of a new version that its call does not decide. */
export type VersionMembers = Undefinable<Omit<NewVersion, "bucket" | "key" | "owner">>;

/** The version that a call writes: it belongs to the owner of the bucket, who pays. Undefined members are left out. */
export function newVersion({ bucket }: BucketCall, key: string, members: VersionMembers): NewVersion {
  return defined({ bucket: bucket.name, key, owner: bucket.owner, ...members });
}
