import { STATUS_CODES } from "node:http";
import type { Call, Gateway } from "../gateway/gateway.js";
import { ANONYMOUS } from "../model/account.js";
import { S3Error, toS3Error } from "../gateway/s3-error.js";
import { routedKey, routingRule, type RoutingRule, type WebsiteConfiguration } from "../model/website.js";
import { requireKeyLength } from "./address.js";
import { callAccess, type Origin } from "./call-access.js";
import { errorStatus, errorText, type Refused } from "./error-response.js";
import { DeferredResponse, type S3Response } from "./operation.js";
import { getObject } from "./operations/get-object.js";
import { headObject } from "./operations/head-object.js";
import type { RequestHead, S3Request } from "./request.js";
import { decodePercent, encodeKey } from "./wire/percent.js";
import { Headers } from "./wire/headers.js";
import { Query } from "./wire/query.js";
import { escapeXml } from "./wire/xml-writer.js";

export interface WebsiteRequest {
  readonly head: RequestHead;
  readonly bucket: string;
  readonly origin: Origin;
  readonly region: string;
  readonly signal: AbortSignal;
  /** What an error's page names. */
  readonly at: Refused;
}

type Pages = Exclude<WebsiteConfiguration, { readonly redirectAll: unknown }>;

/** A bucket as browsers see it: its objects are pages, and whoever asks is nobody. Errors are pages, too. */
export async function serveWebsite(gateway: Gateway, request: WebsiteRequest): Promise<S3Response> {
  try {
    const configuration = await gateway.websites.of(request.bucket);
    const { method, path } = request.head;
    if (method !== "GET" && method !== "HEAD")
      throw new S3Error("MethodNotAllowed", {
        fields: { Method: method, ResourceType: "OBJECT" },
        headers: { Allow: "GET, HEAD" },
      });
    const key = decodePercent(path.slice(1));
    requireKeyLength(key);
    if (!("redirectAll" in configuration)) return await new Website(gateway, configuration, request).page(key);
    const { host, protocol = request.origin.secure ? "https" : "http" } = configuration.redirectAll;
    return { status: 301, headers: { Location: `${protocol}://${host}/${encodeKey(key)}` } };
  } catch (failure) {
    const refused = toS3Error(failure);
    if (!refused) throw failure;
    return errorPage(refused, request.at);
  }
}

class Website {
  constructor(
    private readonly gateway: Gateway,
    private readonly configuration: Pages,
    private readonly request: WebsiteRequest,
  ) {}

  async page(key: string): Promise<S3Response> {
    const { index, rules } = this.configuration;
    const rule = routingRule(rules, key);
    if (rule) return this.redirect(rule, key);
    const page = key === "" || key.endsWith("/") ? key + index : key;
    try {
      return moved(await this.read(page, this.request.head));
    } catch (failure) {
      const refused = toS3Error(failure);
      if (!refused || errorStatus(refused.kind) < 400) throw failure;
      return this.failed(refused, key, page);
    }
  }

  private async failed(failure: S3Error, key: string, page: string): Promise<S3Response> {
    const { error, index, rules } = this.configuration;
    const status = errorStatus(failure.kind);
    const rule = routingRule(rules, key, status);
    if (rule) return this.redirect(rule, key);
    const hidden = status === 403 || status === 404;
    // A folder was meant.
    if (hidden && page === key && (await this.exists(`${key}/${index}`)))
      return { status: 302, headers: { Location: `/${encodeKey(key)}/` } };
    if (error === undefined || status >= 500) throw failure;
    try {
      const { headers, body } = await this.read(error, {
        ...this.request.head,
        method: "GET",
        headers: new Headers([]),
      });
      return { status, headers: { ...headers, ...failure.details.headers }, ...(body === undefined ? {} : { body }) };
    } catch (another) {
      const refused = toS3Error(another);
      if (!refused) throw another;
      return errorPage(failure, this.request.at, refused);
    }
  }

  private redirect(rule: RoutingRule, key: string): S3Response {
    const { origin, head } = this.request;
    const {
      protocol = origin.secure ? "https" : "http",
      host = head.headers.get("host") ?? "",
      status = 301,
    } = rule.redirect;
    return { status, headers: { Location: `${protocol}://${host}/${encodeKey(routedKey(rule, key))}` } };
  }

  private async exists(key: string): Promise<boolean> {
    const call = this.call(key, "HeadObject");
    return this.gateway.objects.head(call, { bucket: this.request.bucket, key }, { preconditions: {} }).then(
      () => true,
      (failure: unknown) => {
        if (toS3Error(failure)) return false;
        throw failure;
      },
    );
  }

  private async read(key: string, head: RequestHead): Promise<S3Response> {
    const { bucket, region } = this.request;
    const request: S3Request = {
      ...head,
      query: new Query(""),
      bucket,
      key,
      account: ANONYMOUS,
      region,
      document: "",
      get body(): never {
        throw new Error("a page is read without a body");
      },
    };
    const call = this.call(key, head.method === "HEAD" ? "HeadObject" : "GetObject");
    if (head.method === "HEAD")
      return headObject.render(await answer(headObject.run(this.gateway, headObject.parse(request), call)));
    return getObject.render(await answer(getObject.run(this.gateway, getObject.parse(request), call)));
  }

  private call(key: string, operation: string): Call {
    const {
      head,
      bucket,
      origin,
      signal,
      at: { requestId },
    } = this.request;
    const anonymous = { payload: { kind: "unsigned" }, presigned: false } as const;
    return {
      account: ANONYMOUS,
      signal,
      requestId,
      access: callAccess(
        { ...head, query: new Query("") },
        { scope: "object", bucket, key },
        anonymous,
        { name: operation },
        origin,
        { document: "" },
      ),
    };
  }
}

async function answer<T>(run: Promise<T | DeferredResponse<T>>): Promise<T> {
  const output = await run;
  return output instanceof DeferredResponse ? output.result : output;
}

/** An object may say that it is elsewhere. */
function moved(page: S3Response): S3Response {
  const location = page.headers["x-amz-website-redirect-location"];
  if (location === undefined) return page;
  if (typeof page.body === "object") page.body.close();
  return { status: 301, headers: { Location: location } };
}

/** As S3's own pages; `another`: why the bucket's own error page could not be shown. */
function errorPage(failure: S3Error, at: Refused, another?: S3Error): S3Response {
  const status = errorStatus(failure.kind);
  const { headers = {} } = failure.details;
  if (status === 304) return { status, headers };
  const title = `${status} ${STATUS_CODES[status] ?? ""}`;
  const list = (entries: readonly (readonly [string, string])[]) =>
    `<ul>\n${entries.map(([name, value]) => `<li>${escapeXml(`${name}: ${value}`)}</li>\n`).join("")}</ul>\n`;
  const told = ({ kind, details: { message, fields } }: S3Error) =>
    [["Code", kind], ["Message", message ?? errorText(kind)], ...Object.entries(fields ?? {})] as const;
  const more = another
    ? `<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n${list(told(another))}`
    : "";
  return {
    status,
    headers: { ...headers, "Content-Type": "text/html; charset=utf-8" },
    body: `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${list([...told(failure), ["RequestId", at.requestId], ["HostId", at.hostId]])}${more}<hr/>\n</body>\n</html>\n`,
  };
}
