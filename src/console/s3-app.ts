import { ServerResponse, type IncomingMessage } from "node:http";

/** Serves one request of S3. Never rejects. */
export type S3App = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * What HEAD of a bucket or an object would be answered to whoever signed this request. The S3 app decides, as it always
 * does; nothing is sent. `target` is path and query, as they were signed.
 */
export async function inquire(app: S3App, request: IncomingMessage, target: string): Promise<ServerResponse> {
  const head = Object.create(request, {
    method: { value: "HEAD" },
    url: { value: target },
  }) as IncomingMessage;
  const answer = new ServerResponse(head);
  await app(head, answer);
  return answer;
}

/** Whether a request carries a signature, good or not: strangers get nothing here, also of buckets that all may read. */
export function isSigned({ headers, url = "" }: IncomingMessage): boolean {
  return headers.authorization !== undefined || /[?&]X-Amz-Signature=/.test(url);
}
