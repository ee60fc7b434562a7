import type { ObjectKey } from "../../gateway/gateway.js";
import type { S3Request } from "../request.js";
import { versionId } from "./paging.js";
import { defined } from "../../model/defined.js";

/** The object, or the version of it, that a request addresses. */
export function requestedObject({ key, query }: Pick<S3Request, "key" | "query">): ObjectKey {
  return defined({ key, versionId: versionId(query) });
}
