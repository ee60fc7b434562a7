import type { Logger } from "pino";
import type { Answered } from "../../s3/answered.js";

/**
 * Writes a line for each answered request, at `info`. Undefined where that level is off, so that nothing is made of a
 * request then. Members that say nothing are left out. The request's query and headers are not in it: they may hold
 * signatures, tokens and keys.
 */
export function requestLog(log: Logger): ((answered: Answered) => void) | undefined {
  if (!log.isLevelEnabled("info")) return undefined;
  // pino leaves undefined members out.
  return (of) =>
    log.info(
      {
        requestId: of.requestId,
        account: of.account?.displayName,
        accessKeyId: of.accessKeyId,
        address: of.address,
        method: of.method,
        operation: of.operation,
        bucket: of.bucket,
        key: of.key === "" ? undefined : of.key,
        status: of.status,
        error: of.errorCode,
        receivedBytes: of.receivedBytes,
        sentBytes: of.sentBytes,
        ms: of.ms,
        firstByteMs: of.firstByteMs,
        chainMs: of.chainMs === 0 ? undefined : of.chainMs,
        nodesMs: of.nodesMs === 0 ? undefined : of.nodesMs,
      },
      "request",
    );
}
