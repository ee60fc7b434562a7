import type { Upload } from "../../model/object.js";
import type { AccessRequest } from "../call.js";

const SSE = "s3:x-amz-server-side-encryption";

/**
 * A request about an upload, as policies see it. Parts carry no encryption headers, so conditions on encryption are
 * tested against the encryption that the upload was created with. Otherwise a policy that demands encryption would
 * refuse every multipart upload.
 */
export function withUploadEncryption(access: AccessRequest, upload: Upload | undefined): AccessRequest {
  const encryption = upload?.encryption;
  if (!encryption) return access;
  const { algorithm, keyId } = encryption;
  const values = new Map(
    algorithm === "customer"
      ? [[`${SSE}-customer-algorithm`, "AES256"]]
      : [
          [SSE, algorithm],
          ...(algorithm === "aws:kms" && keyId !== undefined ? [[`${SSE}-aws-kms-key-id`, keyId] as const] : []),
        ],
  );
  const conditions = (key: string) => {
    const value = values.get(key);
    return value === undefined ? access.conditions(key) : [value];
  };
  return { ...access, conditions };
}
