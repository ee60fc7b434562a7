import type { IncomingMessage, ServerResponse } from "node:http";
import { S3Error } from "../gateway/s3-error.js";
import { discardUnread } from "../streams/short-body.js";
import type { RequestHead } from "./request.js";
import { Headers } from "./wire/headers.js";
import { asciiUrl } from "./wire/percent.js";
import { Query } from "./wire/query.js";

/** Method, path, query and headers of an HTTP request. InvalidURI. */
export function requestHead(request: IncomingMessage): RequestHead {
  const target = asciiUrl(request.url ?? "/").replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = target.indexOf("?");
  const query = new Query(mark < 0 ? "" : target.slice(mark + 1));
  return {
    method: request.method ?? "GET",
    path: (mark < 0 ? target : target.slice(0, mark)) || "/",
    query,
    headers: new Headers(request.rawHeaders),
  };
}

/** The path as it was sent, encoded. */
export function targetPath({ url = "" }: IncomingMessage): string {
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark);
}

/**
 * The request's body as it arrives over HTTP. Nothing is read, and `100 Continue` is not sent, before the first read. If
 * the reader stops early, the server can still read the rest and send an answer.
 */
export class IncomingBody {
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly idleMs: number;
  /** Bytes that were read of it, as they came over HTTP. */
  received = 0;
  private begun = false;
  private cutShort = false;
  private failure: S3Error | undefined;
  private wake: () => void = () => undefined;

  /** Reading fails with RequestTimeout if the client sends nothing for `idleMs` milliseconds. */
  constructor(request: IncomingMessage, response: ServerResponse, idleMs: number) {
    this.request = request;
    this.response = response;
    this.idleMs = idleMs;
  }

  /** The client closed its side of the connection: reading fails with IncompleteBody, unless the body is complete. */
  cut(): void {
    if (this.request.complete) return;
    this.cutShort = true;
    this.fail(new S3Error("IncompleteBody"));
  }

  /** Whether the client hung up before the body was complete. */
  get isCut(): boolean {
    return this.cutShort;
  }

  /** Reading fails with RequestTimeout after `ms` milliseconds, unless the returned function is called before. */
  endWithin(ms: number): () => void {
    const deadline = setTimeout(() => this.fail(new S3Error("RequestTimeout")), ms);
    return () => clearTimeout(deadline);
  }

  private fail(failure: S3Error): void {
    this.failure ??= failure;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const request = this.request;
    this.begin();
    const wake = () => this.wake();
    request.on("readable", wake).on("end", wake);
    const idle = setTimeout(() => this.fail(new S3Error("RequestTimeout")), this.idleMs);
    try {
      for (;;) {
        if (this.failure) throw this.failure;
        const bytes = request.read() as Uint8Array | null;
        if (bytes) {
          idle.refresh();
          this.received += bytes.length;
          yield bytes;
          idle.refresh();
        } else if (request.readableEnded) return;
        else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
        }
      }
    } finally {
      clearTimeout(idle);
      request.off("readable", wake).off("end", wake);
    }
  }

  /** Reads and discards what is left of it, as `discardUnread`, until the client closes its side. */
  async discard(): Promise<void> {
    await discardUnread(this.request, (done) => (this.wake = done));
  }

  /** Whether nothing more will come: the body failed, or the client still waits for `100 Continue` and gets none. */
  get over(): boolean {
    return this.failure !== undefined || (!this.begun && expectsContinue(this.request));
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    if (expectsContinue(this.request)) this.response.writeContinue();
    this.request.once("aborted", () => this.cut());
    this.request.once("error", () => this.cut());
    if (this.request.destroyed && !this.request.complete) this.cut();
  }
}

function expectsContinue(request: IncomingMessage): boolean {
  return /100-continue/i.test(request.headers.expect ?? "");
}
