/** S3's four settings that keep a bucket from becoming public by mistake. */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export const NOTHING_BLOCKED: PublicAccessBlock = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};
export const ALL_BLOCKED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

/**
 * Who pays for requests. Requests are free here, but in a bucket with `Requester`, other accounts must still agree to pay
 * in each request.
 */
export const payers = ["BucketOwner", "Requester"] as const;
export type Payer = (typeof payers)[number];

/** Whether ACLs are in effect, and who owns objects that other accounts wrote. */
export const objectOwnerships = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"] as const;
export type ObjectOwnership = (typeof objectOwnerships)[number];
