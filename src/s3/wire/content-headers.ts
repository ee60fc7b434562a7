import { S3Error } from "../../gateway/s3-error.js";
import type { ContentHeaders } from "../../model/object.js";
import type { Headers } from "./headers.js";

/** All of S3's storage classes. A class is only kept and echoed: the network stores all objects alike. */
const storageClasses = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "OUTPOSTS",
  "GLACIER_IR",
  "SNOW",
  "EXPRESS_ONEZONE",
  "FSX_OPENZFS",
  "FSX_ONTAP",
]);

function storageClass(headers: Headers): string | undefined {
  const name = headers.get("x-amz-storage-class");
  if (name !== undefined && !storageClasses.has(name))
    throw new S3Error("InvalidStorageClass", { fields: { StorageClassRequested: name.slice(0, 100) } });
  return name === "STANDARD" ? undefined : name;
}

/** `aws-chunked` describes the request's body, not the object: it is removed. */
function contentEncoding(headers: Headers): string | undefined {
  const codings = headers
    .get("content-encoding")
    ?.split(",")
    .filter((coding) => coding.trim().toLowerCase() !== "aws-chunked");
  return codings?.join(",").trim() || undefined;
}

function redirect(headers: Headers): string | undefined {
  const location = headers.get("x-amz-website-redirect-location");
  if (location === undefined || /^(\/|https?:\/\/)/.test(location)) return location;
  throw new S3Error("InvalidRequest", {
    message: "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  });
}

/** The headers S3 keeps with an object. */
export function contentHeaders(headers: Headers): ContentHeaders {
  const found: Record<keyof ContentHeaders, string | undefined> = {
    contentType: headers.get("content-type"),
    contentEncoding: contentEncoding(headers),
    contentDisposition: headers.get("content-disposition"),
    contentLanguage: headers.get("content-language"),
    cacheControl: headers.get("cache-control"),
    expires: headers.get("expires"),
    websiteRedirectLocation: redirect(headers),
    storageClass: storageClass(headers),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ""));
}
