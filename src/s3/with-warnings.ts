import type { S3Response } from "./operation.js";

/** An answer with what the requester should know beside it, in one header. */
export function withWarnings(response: S3Response, warnings: readonly string[]): S3Response {
  if (warnings.length === 0) return response;
  return { ...response, headers: { ...response.headers, "x-cess-warning": warnings.join("; ") } };
}
