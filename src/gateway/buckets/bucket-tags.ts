import { CHAIN_NAME_TAG, isChainNaming } from "../../model/chain-name.js";
import { LAYOUT_NAME } from "../../model/layout.js";
import { PlacementTags } from "../../model/placement-tags.js";
import { PUBLIC_TAG, publicValues } from "../../model/sharing.js";
import { requireTags, TAG_LIMITS, type Tag } from "../../model/tag.js";
import { requireLayout } from "../limits.js";
import { S3Error } from "../s3-error.js";

export interface BucketTagComponents {
  /** Which storage nodes buckets may choose by their tags. */
  readonly placementTags?: PlacementTags | undefined;
}

/** InvalidTag; InvalidArgument for a tag that means something to this gateway and has a value that does not. */
export function requireBucketTags(
  { placementTags = PlacementTags.none }: BucketTagComponents,
  tags: readonly Tag[],
): void {
  requireTags(tags, TAG_LIMITS.bucket);
  const valueOf = (name: string) => tags.find(({ key }) => key === name)?.value;
  requireLayout(valueOf(LAYOUT_NAME));
  requireNaming(valueOf(CHAIN_NAME_TAG));
  requireSharing(valueOf(PUBLIC_TAG));
  placementTags.require(tags);
}

function requireNaming(value: string | undefined): void {
  if (value === undefined || isChainNaming(value)) return;
  throw new S3Error("InvalidArgument", {
    message: `${CHAIN_NAME_TAG} must be key: files are then declared on CESS under names made from their objects' keys, which everybody can read. Without the tag, their names there say nothing`,
    fields: { ArgumentName: CHAIN_NAME_TAG, ArgumentValue: value },
  });
}

function requireSharing(value: string | undefined): void {
  if (value === undefined || publicValues.some((known) => known === value)) return;
  throw new S3Error("InvalidArgument", {
    message: `${PUBLIC_TAG} must be ${publicValues.join(" or ")}: whether everyone may read the bucket's files by their FIDs`,
    fields: { ArgumentName: PUBLIC_TAG, ArgumentValue: value },
  });
}
