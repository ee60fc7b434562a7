import { STATUS_CODES } from "node:http";
import type { BucketCall, Client, Gateway } from "../gateway/gateway.js";
import { requireKeyLength } from "../gateway/limits.js";
import { ANONYMOUS } from "../model/account.js";
import { S3Error, toS3Error } from "../gateway/s3-error.js";
import { routedKey, routingRule, type RoutingRule, type WebsiteConfiguration } from "../model/website.js";
import { accessRequest, type Origin } from "./access-request.js";
import { errorStatus, errorText, type ErrorContext } from "./error-response.js";
import { DeferredResponse, type Operation, type S3Response } from "./operation.js";
import { getObject } from "./operations/get-object.js";
import { headObject } from "./operations/head-object.js";
import type { RequestHead, S3Request } from "./request.js";
import { decodePercent, encodeKey } from "./wire/percent.js";
import { Headers, isHeaderValue } from "./wire/headers.js";
import { Query } from "./wire/query.js";
import { escapeXml } from "./wire/xml-writer.js";

export interface WebsiteRequest {
  readonly head: RequestHead;
  readonly bucket: string;
  readonly origin: Origin;
  readonly region: string;
  readonly client: Client;
  /** What error pages tell about the request. */
  readonly at: ErrorContext;
}

type Pages = Exclude<WebsiteConfiguration, { readonly redirectAll: unknown }>;

/** Serves a bucket as a website, to anonymous requesters. Objects and errors are sent as pages. */
export async function serveWebsite(gateway: Gateway, request: WebsiteRequest): Promise<S3Response> {
  try {
    const configuration = await publishedWebsite(gateway, request.bucket);
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
      return followRedirect(await this.read(page, this.request.head));
    } catch (failure) {
      const refused = toS3Error(failure);
      if (!refused || errorStatus(refused.kind) < 400) throw failure;
      return this.errorAnswer(refused, key, page);
    }
  }

  private async errorAnswer(failure: S3Error, key: string, page: string): Promise<S3Response> {
    const { error, index, rules } = this.configuration;
    const status = errorStatus(failure.kind);
    const rule = routingRule(rules, key, status);
    if (rule) return this.redirect(rule, key);
    const hidden = status === 403 || status === 404;
    // The key is a folder with an index page: redirect to the folder.
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
    try {
      await this.gateway.objects.head(await this.permit(key, headObject), { key }, { preconditions: {} });
      return true;
    } catch (failure) {
      if (toS3Error(failure)) return false;
      throw failure;
    }
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
    const operation = head.method === "HEAD" ? headObject : getObject;
    return this.answer(operation, operation.parse(request), await this.permit(key, operation));
  }

  private async answer<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    call: BucketCall,
  ): Promise<S3Response> {
    const output = await operation.run(this.gateway, input, call);
    return operation.render(output instanceof DeferredResponse ? await output.result : output);
  }

  private async permit(key: string, operation: typeof headObject | typeof getObject): Promise<BucketCall> {
    const { head, bucket, origin, client, at } = this.request;
    const address = { scope: "object", bucket, key } as const;
    const anonymous = { payload: { kind: "unsigned" }, presigned: false } as const;
    const asked = { ...head, query: new Query("") };
    const access = accessRequest(asked, address, anonymous, operation, origin, { document: "" });
    const call = { account: ANONYMOUS, client, requestId: at.requestId, access };
    // The rule is about an object, so the call has a bucket.
    return (await this.gateway.access.permit(call)) as BucketCall;
  }
}

/** NoSuchBucket, NoSuchWebsiteConfiguration. */
async function publishedWebsite(gateway: Gateway, bucket: string): Promise<WebsiteConfiguration> {
  const configuration = await gateway.documents.published(bucket, "website");
  if (configuration) return configuration;
  throw new S3Error("NoSuchWebsiteConfiguration", { resource: bucket, fields: { BucketName: bucket } });
}

/**
 * Redirects if the object names another location. Earlier versions stored locations that are not valid headers; they are
 * ignored.
 */
function followRedirect(page: S3Response): S3Response {
  const location = page.headers["x-amz-website-redirect-location"];
  if (location === undefined || !isHeaderValue(String(location))) return page;
  if (typeof page.body === "object") page.body.close();
  return { status: 301, headers: { Location: location } };
}

/** An error page like S3's own. `another`: why the bucket's own error page could not be read. */
function errorPage(failure: S3Error, at: ErrorContext, another?: S3Error): S3Response {
  const status = errorStatus(failure.kind);
  const { headers = {} } = failure.details;
  if (status === 304) return { status, headers };
  const title = `${status} ${STATUS_CODES[status] ?? ""}`;
  const list = (entries: readonly (readonly [string, string])[]) =>
    `<ul>\n${entries.map(([name, value]) => `<li>${escapeXml(`${name}: ${value}`)}</li>\n`).join("")}</ul>\n`;
  const details = ({ kind, details: { message, fields } }: S3Error) =>
    [["Code", kind], ["Message", message ?? errorText(kind)], ...Object.entries(fields ?? {})] as const;
  const more = another
    ? `<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n${list(details(another))}`
    : "";
  return {
    status,
    headers: { ...headers, "Content-Type": "text/html; charset=utf-8" },
    body: `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${list([...details(failure), ["RequestId", at.requestId], ["HostId", at.hostId]])}${more}<hr/>\n</body>\n</html>\n`,
  };
}
