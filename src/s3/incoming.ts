import type { IncomingMessage, ServerResponse } from "node:http";
import { S3Error } from "../model/errors.js";
import type { RequestHead } from "./request.js";
import { Headers, toLatin1 } from "./wire/headers.js";
import { asciiUrl } from "./wire/percent.js";
import { Query } from "./wire/query.js";

/** Presigned URLs may hold `x-amz-*` headers as parameters; these belong to the signature itself. */
const signatureParameters =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;

/**
 * The JavaScript SDK signs the CRC-32 of no bytes at all into its upload URLs, whatever will be uploaded with them; and
 * whoever uploads with a URL knows nothing of the algorithm that its author's SDK would have used.
 */
const isPlaceholder = (name: string, value: string) =>
  /^x-amz-sdk-checksum-algorithm$/i.test(name) || (/^x-amz-checksum-crc32$/i.test(name) && value === "AAAAAA==");

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

/** The head as the operation sees it: of a presigned request with the headers its query stands for. */
export function withQueryHeaders(head: RequestHead, request: IncomingMessage): RequestHead {
  const added: string[] = [];
  for (const [name, [value = ""]] of head.query.entries()) {
    const isHeader = /^x-amz-/i.test(name) && !signatureParameters.test(name) && !isPlaceholder(name, value);
    if (isHeader && head.headers.get(name.toLowerCase()) === undefined) added.push(name, toLatin1(value));
  }
  return added.length === 0 ? head : { ...head, headers: new Headers([...request.rawHeaders, ...added]) };
}

/**
 * The request's body as it comes over HTTP. Nothing is read, and no `100 Continue` sent, before the first byte is asked
 * for. It stays readable to the server when its reader stops half-way, so that an answer can still be sent.
 */
export class IncomingBody {
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly idleMs: number;
  private begun = false;
  private cutShort = false;
  private failure: S3Error | undefined;
  private wake: () => void = () => undefined;

  /** A client that sends nothing for `idleMs` gets RequestTimeout. */
  constructor(request: IncomingMessage, response: ServerResponse, idleMs: number) {
    this.request = request;
    this.response = response;
    this.idleMs = idleMs;
  }

  /** The client ended the connection's other half or broke off: the body is shorter than announced. */
  cut(): void {
    if (this.request.complete) return;
    this.cutShort = true;
    this.fail(new S3Error("IncompleteBody"));
  }

  /** The client hung up in the middle of the body. */
  get isCut(): boolean {
    return this.cutShort;
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

  /** Nothing more will come: it broke off, stalled, or was announced with `Expect: 100-continue` and refused. */
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
