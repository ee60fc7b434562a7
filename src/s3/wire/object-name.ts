import type { ObjectKey } from "../../gateway/gateway.js";
import type { S3Request } from "../request.js";
import { versionId } from "./paging.js";

/** The object, or the version of it, that a request addresses. */
export function requestedObject({ key, query }: Pick<S3Request, "key" | "query">): ObjectKey {
  const version = versionId(query);
  return { key, ...(version === undefined ? {} : { versionId: version }) };
}
