import { createHash } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import aws4 from "aws4";
import { target } from "./target.js";

export interface RawRequest {
  readonly method: string;
  /** As it goes on the wire, percent-encoded, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Changes the signed request before it is sent; a list is sent as one header after another. */
  readonly tamper?: (headers: Record<string, string | string[]>) => void;
  /** `false`: sent as it stands. `query`: presigned. */
  readonly sign?: boolean | "query";
  readonly region?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The `<Code>` of an error. */
  readonly code: string | undefined;
}

/** Sends one request as written, signed by aws4: for what SDKs will not send. */
export async function send(request: RawRequest): Promise<RawAnswer> {
  const url = new URL(target.endpoint);
  const body = request.body ?? "";
  const headers: Record<string, string> = {
    host: url.host,
    "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
    ...request.headers,
  };
  if (body.length > 0 && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
    headers["content-length"] = String(Buffer.byteLength(body));
  let path = request.path;
  if (request.sign === "query") {
    const unsigned = path.includes("X-Amz-Expires")
      ? path
      : `${path}${path.includes("?") ? "&" : "?"}X-Amz-Expires=600`;
    const signed = aws4.sign(
      {
        service: "s3",
        region: request.region ?? target.region,
        method: request.method,
        host: url.host,
        path: unsigned,
        headers: { host: url.host, ...request.headers },
        signQuery: true,
      },
      request.credentials ?? target,
    );
    path = signed.path ?? path;
    delete headers["x-amz-content-sha256"];
  } else if (request.sign !== false) {
    const signed = aws4.sign(
      {
        service: "s3",
        region: request.region ?? target.region,
        method: request.method,
        host: url.host,
        path,
        headers,
        body,
      },
      request.credentials ?? target,
    );
    Object.assign(headers, signed.headers);
  }
  request.tamper?.(headers);
  return exchange(url, request.method, path, headers, body);
}

function exchange(
  url: URL,
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
  body: Buffer | string,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const transport = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = transport(
      { host: url.hostname, port: url.port, method, path, headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: text,
            code: /<Code>([^<]*)<\/Code>/.exec(text)?.[1],
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
