import type { Account } from "../model/account.js";
import type { Waits } from "../model/waits.js";
import type { AccessFacts } from "./access-entry.js";
import type { Exchange } from "./send.js";

/** An answered request, for the log, metrics and traces. No member holds a secret. */
export interface Answered {
  readonly requestId: string;
  /** Such as `GetObject`; `Unknown` where the request was refused before it was known. */
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  /** S3's error code; undefined for a success, and where the client hung up. */
  readonly errorCode: string | undefined;
  /** Undefined where nobody was authenticated: anonymous requests, and those that were refused before. */
  readonly account: Account | undefined;
  readonly accessKeyId: string | undefined;
  /** IP address of the client. */
  readonly address: string;
  /** Undefined where the request is not about one. */
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** Bytes of the bodies, as they were read and sent. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Milliseconds from the request's head to the end of the answer … */
  readonly ms: number;
  /** … and until its first byte was ready to be sent. */
  readonly firstByteMs: number;
  /** Of these, milliseconds for which it waited for the chain, and for fragments. */
  readonly chainMs: number;
  readonly nodesMs: number;
}

/** What is told of a request that was answered with `status`, after `ms` milliseconds. */
export function answeredRequest(
  { request, facts, waits, body, sent }: Exchange & { readonly facts: AccessFacts; readonly waits: Waits },
  { requestId, operation }: Pick<Answered, "requestId" | "operation">,
  status: number,
  ms: number,
): Answered {
  const { address, authentication, errorCode } = facts;
  const of = address?.scope === "service" ? undefined : address;
  return {
    requestId,
    operation,
    method: request.method ?? "",
    status,
    errorCode,
    account: authentication?.accessKey?.account,
    accessKeyId: authentication?.accessKey?.accessKeyId,
    address: facts.from ?? request.socket.remoteAddress ?? "",
    bucket: of?.bucket,
    key: of?.scope === "object" ? of.key : undefined,
    receivedBytes: body.received,
    sentBytes: sent,
    ms,
    firstByteMs: facts.servedMs ?? ms,
    chainMs: Math.round(waits.ms.chain),
    nodesMs: Math.round(waits.ms.nodes),
  };
}
