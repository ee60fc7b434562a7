import type { Upload } from "../../model/object.js";
import type { AccessRequest } from "../call.js";

const SSE = "s3:x-amz-server-side-encryption";

/**
 * A request about an upload as policies see it: parts carry no headers of encryption, so what they are judged by is
 * what the upload was created with. Otherwise no large object could be put where a policy demands encryption.
 */
export function withUploadEncryption(access: AccessRequest, upload: Upload | undefined): AccessRequest {
  const encryption = upload?.encryption;
  if (!encryption) return access;
  const { algorithm, keyId } = encryption;
  const told = new Map(
    algorithm === "customer"
      ? [[`${SSE}-customer-algorithm`, "AES256"]]
      : [
          [SSE, algorithm],
          ...(algorithm === "aws:kms" && keyId !== undefined ? [[`${SSE}-aws-kms-key-id`, keyId] as const] : []),
        ],
  );
  const conditions = (key: string) => {
    const value = told.get(key);
    return value === undefined ? access.conditions(key) : [value];
  };
  return { ...access, conditions };
}
