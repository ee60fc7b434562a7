import type { Call } from "../../gateway/gateway.js";
import { documentOperations } from "../document-operations.js";
import type { AnyOperation, Operation } from "../operation.js";
import { abortMultipartUpload } from "./abort-multipart-upload.js";
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from "./acl.js";
import { putBucketAccelerateConfiguration } from "./bucket-accelerate.js";
import { corsDocument } from "./bucket-cors.js";
import { encryptionDocument } from "./bucket-encryption.js";
import { bucketLifecycle } from "./bucket-lifecycle.js";
import { bucketLogging } from "./bucket-logging.js";
import { bucketNotification } from "./bucket-notification.js";
import { bucketPolicy, getBucketPolicyStatus } from "./bucket-policy.js";
import { bucketTagging } from "./bucket-tagging.js";
import { bucketVersioning } from "./bucket-versioning.js";
import { bucketWebsite } from "./bucket-website.js";
import { completeMultipartUpload } from "./complete-multipart-upload.js";
import { copyObject } from "./copy-object.js";
import { createBucket } from "./create-bucket.js";
import { createMultipartUpload } from "./create-multipart-upload.js";
import { deleteBucket } from "./delete-bucket.js";
import { deleteObject } from "./delete-object.js";
import { deleteObjects } from "./delete-objects.js";
import { getBucketLocation } from "./get-bucket-location.js";
import { getObjectAttributes } from "./get-object-attributes.js";
import { getObjectReceipt } from "./get-object-receipt.js";
import { getObject } from "./get-object.js";
import { headBucket } from "./head-bucket.js";
import { headObject } from "./head-object.js";
import { listBuckets } from "./list-buckets.js";
import { listMultipartUploads } from "./list-multipart-uploads.js";
import { listObjectVersions } from "./list-object-versions.js";
import { listObjectsV2 } from "./list-objects-v2.js";
import { listObjects } from "./list-objects.js";
import { listParts } from "./list-parts.js";
import { getObjectLegalHold, putObjectLegalHold } from "./object-legal-hold.js";
import { objectLockConfiguration } from "./object-lock-configuration.js";
import { getObjectRetention, putObjectRetention } from "./object-retention.js";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./object-tagging.js";
import { bucketOwnership } from "./ownership-controls.js";
import { postObject } from "./post-object.js";
import { probes } from "./probes.js";
import { publicAccessBlock } from "./public-access-block.js";
import { putObject } from "./put-object.js";
import { requestPayment } from "./request-payment.js";
import { restoreObject } from "./restore-object.js";
import { uploadPartCopy } from "./upload-part-copy.js";
import { uploadPart } from "./upload-part.js";

// The table forgets the types of inputs and outputs. That parse, run and render of an operation fit each other was
// checked where the operation is declared; what `run` is called with is what its access rule resolves.
const row = <Input, Output, Permitted extends Call>(operation: Operation<Input, Output, Permitted>) =>
  operation as unknown as AnyOperation;

/** Every operation served. The router puts the most specific pattern first. */
export const operations: readonly AnyOperation[] = [
  row(listBuckets),
  row(createBucket),
  row(headBucket),
  row(deleteBucket),
  row(getBucketLocation),
  row(listObjects),
  row(listObjectsV2),
  row(listObjectVersions),
  row(deleteObjects),
  row(getBucketAcl),
  row(putBucketAcl),
  row(putBucketAccelerateConfiguration),
  row(getBucketPolicyStatus),
  ...documentOperations(bucketLifecycle),
  ...documentOperations(bucketLogging),
  ...documentOperations(bucketNotification),
  ...documentOperations(bucketOwnership),
  ...documentOperations(bucketPolicy),
  ...documentOperations(bucketTagging),
  ...documentOperations(bucketVersioning),
  ...documentOperations(bucketWebsite),
  ...documentOperations(corsDocument),
  ...documentOperations(encryptionDocument),
  ...documentOperations(objectLockConfiguration),
  ...documentOperations(publicAccessBlock),
  ...documentOperations(requestPayment),
  row(getObject),
  row(headObject),
  row(getObjectAttributes),
  row(getObjectReceipt),
  row(putObject),
  row(postObject),
  row(copyObject),
  row(deleteObject),
  row(restoreObject),
  row(getObjectAcl),
  row(putObjectAcl),
  row(getObjectTagging),
  row(putObjectTagging),
  row(deleteObjectTagging),
  row(getObjectRetention),
  row(putObjectRetention),
  row(getObjectLegalHold),
  row(putObjectLegalHold),
  row(createMultipartUpload),
  row(uploadPart),
  row(uploadPartCopy),
  row(completeMultipartUpload),
  row(abortMultipartUpload),
  row(listParts),
  row(listMultipartUploads),
  ...probes.map(row),
];
