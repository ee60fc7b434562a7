import type { BucketDocumentStore } from "../gateway/gateway.js";
import { corsRuleFor, type CorsRequest, type CorsRule } from "../model/cors.js";
import { S3Error } from "../gateway/s3-error.js";
import type { Address } from "./address.js";
import type { S3Response } from "./operation.js";
import type { RequestHead } from "./request.js";

type ResponseHeaders = Record<string, string | number | undefined>;

const VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

function allowHeaders(rule: CorsRule, { origin, method, headers }: CorsRequest): ResponseHeaders {
  const anybody = rule.origins.includes("*");
  return {
    "Access-Control-Allow-Origin": anybody ? "*" : origin,
    // A rule for named origins also allows requests with credentials.
    "Access-Control-Allow-Credentials": anybody ? undefined : "true",
    "Access-Control-Allow-Methods": method === "" ? undefined : rule.methods.join(", "),
    "Access-Control-Allow-Headers": headers.length === 0 ? undefined : headers.join(", ").toLowerCase(),
    "Access-Control-Expose-Headers": rule.exposed.length === 0 ? undefined : rule.exposed.join(", "),
    "Access-Control-Max-Age": rule.maxAge,
    Vary: VARY,
  };
}

/** A bucket's CORS rules; undefined if it has none or does not exist (then the request itself fails with NoSuchBucket). */
async function rulesOf(documents: BucketDocumentStore, bucket: string): Promise<readonly CorsRule[] | undefined> {
  try {
    return await documents.published(bucket, "cors");
  } catch (failure) {
    if (failure instanceof S3Error && failure.kind === "NoSuchBucket") return undefined;
    throw failure;
  }
}

/** Answers a preflight request, which browsers send before the request itself. BadRequest, AccessForbidden. */
export async function preflight(
  head: RequestHead,
  { bucket, scope }: Address,
  documents: BucketDocumentStore,
): Promise<S3Response> {
  const origin = head.headers.get("origin");
  const method = head.headers.get("access-control-request-method");
  if (!origin) throw new S3Error("BadRequest", { message: "Insufficient information. Origin request header needed." });
  if (!method) throw new S3Error("BadRequest", { message: "Invalid Access-Control-Request-Method: null" });
  const fields = { Method: method.slice(0, 40), ResourceType: scope.toUpperCase() };
  const rules = scope === "service" ? undefined : await rulesOf(documents, bucket);
  if (!rules) throw new S3Error("AccessForbidden", { fields });
  const headers = (head.headers.get("access-control-request-headers") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const request = { origin, method, headers };
  const rule = corsRuleFor(rules, request);
  if (!rule) {
    const message =
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    throw new S3Error("AccessForbidden", { message, fields });
  }
  return { status: 200, headers: allowHeaders(rule, request) };
}

/**
 * The CORS headers of an answer, which let the requesting page read it. Errors have them, too. None if the bucket has no
 * CORS rules.
 */
export async function corsHeaders(
  head: RequestHead,
  { bucket, scope }: Address,
  documents: BucketDocumentStore,
): Promise<ResponseHeaders> {
  const origin = head.headers.get("origin");
  if (origin === undefined || scope === "service") return {};
  const rules = await rulesOf(documents, bucket);
  if (!rules) return {};
  const rule = corsRuleFor(rules, { origin, method: head.method, headers: [] });
  // Vary is sent even if no rule applies: caches must not give one origin the answer for another.
  return rule
    ? {
        ...allowHeaders(rule, { origin, method: "", headers: [] }),
        "Access-Control-Allow-Methods": rule.methods.join(", "),
      }
    : { Vary: VARY };
}
