import type { AnyOperation, Operation } from "../operation.js";
import { abortMultipartUpload } from "./abort-multipart-upload.js";
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from "./bucket-lifecycle.js";
import { deleteBucketTagging, getBucketTagging, putBucketTagging } from "./bucket-tagging.js";
import { getBucketVersioning, putBucketVersioning } from "./bucket-versioning.js";
import { putBucketAccelerateConfiguration } from "./bucket-accelerate.js";
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from "./acl.js";
import { deleteBucketCors, getBucketCors, putBucketCors } from "./bucket-cors.js";
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from "./bucket-encryption.js";
import { getBucketLogging, putBucketLogging } from "./bucket-logging.js";
import { getBucketNotificationConfiguration, putBucketNotificationConfiguration } from "./bucket-notification.js";
import { deleteBucketPolicy, getBucketPolicy, getBucketPolicyStatus, putBucketPolicy } from "./bucket-policy.js";
import { deleteBucketWebsite, getBucketWebsite, putBucketWebsite } from "./bucket-website.js";
import { completeMultipartUpload } from "./complete-multipart-upload.js";
import { copyObject } from "./copy-object.js";
import { createBucket } from "./create-bucket.js";
import { createMultipartUpload } from "./create-multipart-upload.js";
import { deleteBucket } from "./delete-bucket.js";
import { deleteObject } from "./delete-object.js";
import { deleteObjects } from "./delete-objects.js";
import { getBucketLocation } from "./get-bucket-location.js";
import { getObjectAttributes } from "./get-object-attributes.js";
import { getObject } from "./get-object.js";
import { headBucket } from "./head-bucket.js";
import { headObject } from "./head-object.js";
import { listBuckets } from "./list-buckets.js";
import { listMultipartUploads } from "./list-multipart-uploads.js";
import { listObjectVersions } from "./list-object-versions.js";
import { listObjectsV2 } from "./list-objects-v2.js";
import { listObjects } from "./list-objects.js";
import { listParts } from "./list-parts.js";
import {
  deleteBucketOwnershipControls,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
} from "./ownership-controls.js";
import { deletePublicAccessBlock, getPublicAccessBlock, putPublicAccessBlock } from "./public-access-block.js";
import { getObjectLegalHold, putObjectLegalHold } from "./object-legal-hold.js";
import { getObjectLockConfiguration, putObjectLockConfiguration } from "./object-lock-configuration.js";
import { getObjectRetention, putObjectRetention } from "./object-retention.js";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./object-tagging.js";
import { probes } from "./probes.js";
import { postObject } from "./post-object.js";
import { getBucketRequestPayment, putBucketRequestPayment } from "./request-payment.js";
import { putObject } from "./put-object.js";
import { restoreObject } from "./restore-object.js";
import { uploadPartCopy } from "./upload-part-copy.js";
import { uploadPart } from "./upload-part.js";

// The table forgets the types of inputs and outputs. That parse, run and render of an operation fit each other was
// checked where the operation is declared.
const row = <Input, Output>(operation: Operation<Input, Output>) => operation as unknown as AnyOperation;

/** Every operation served. The router puts the most specific pattern first. */
export const operations: readonly AnyOperation[] = [
  row(listBuckets),
  row(createBucket),
  row(headBucket),
  row(deleteBucket),
  row(getBucketLocation),
  row(listObjects),
  row(listObjectsV2),
  row(deleteObjects),
  row(getBucketVersioning),
  row(putBucketVersioning),
  row(listObjectVersions),
  row(getBucketTagging),
  row(putBucketTagging),
  row(deleteBucketTagging),
  row(getBucketLifecycleConfiguration),
  row(putBucketLifecycleConfiguration),
  row(deleteBucketLifecycle),
  row(putBucketAccelerateConfiguration),
  row(getBucketRequestPayment),
  row(putBucketRequestPayment),
  row(getObjectTagging),
  row(putObjectTagging),
  row(deleteObjectTagging),
  row(getObjectAttributes),
  row(getObjectLockConfiguration),
  row(putObjectLockConfiguration),
  row(getObjectRetention),
  row(putObjectRetention),
  row(getObjectLegalHold),
  row(putObjectLegalHold),
  row(restoreObject),
  row(putObject),
  row(postObject),
  row(copyObject),
  row(getObject),
  row(headObject),
  row(deleteObject),
  row(createMultipartUpload),
  row(uploadPart),
  row(uploadPartCopy),
  row(completeMultipartUpload),
  row(abortMultipartUpload),
  row(listParts),
  row(listMultipartUploads),
  row(getBucketAcl),
  row(putBucketAcl),
  row(getObjectAcl),
  row(putObjectAcl),
  row(getBucketPolicy),
  row(putBucketPolicy),
  row(deleteBucketPolicy),
  row(getBucketPolicyStatus),
  row(getPublicAccessBlock),
  row(putPublicAccessBlock),
  row(deletePublicAccessBlock),
  row(getBucketOwnershipControls),
  row(putBucketOwnershipControls),
  row(deleteBucketOwnershipControls),
  row(getBucketEncryption),
  row(putBucketEncryption),
  row(deleteBucketEncryption),
  row(getBucketLogging),
  row(putBucketLogging),
  row(getBucketNotificationConfiguration),
  row(putBucketNotificationConfiguration),
  row(getBucketWebsite),
  row(putBucketWebsite),
  row(deleteBucketWebsite),
  row(getBucketCors),
  row(putBucketCors),
  row(deleteBucketCors),
  ...probes.map(row),
];
