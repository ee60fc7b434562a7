import { createHash, randomBytes } from "node:crypto";

/** The members that bring a customer's key (SSE-C) along. */
export function customerKey(key: Buffer = randomBytes(32)) {
  return {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
  };
}

/** The same of a copy's source. */
export function sourceKey({ SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 }: ReturnType<typeof customerKey>) {
  return {
    CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm,
    CopySourceSSECustomerKey: SSECustomerKey,
    CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
  };
}

/** The same as headers of a request that is signed by hand. */
export function customerHeaders(key: ReturnType<typeof customerKey>): Record<string, string> {
  const prefix = "x-amz-server-side-encryption-customer";
  return {
    [`${prefix}-algorithm`]: key.SSECustomerAlgorithm,
    [`${prefix}-key`]: key.SSECustomerKey,
    [`${prefix}-key-md5`]: key.SSECustomerKeyMD5,
  };
}
