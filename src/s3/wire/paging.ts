import { S3Error } from "../../gateway/s3-error.js";
import type { Query } from "./query.js";
import { encodeKey } from "./percent.js";

const invalid = (name: string, value: string, message: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: name, ArgumentValue: value.slice(0, 200) } });

/** A count from the query: at most `limit`, which is also the default. InvalidArgument for anything but a count. */
export function pageLimit(query: Query, name: string, limit = 1000): number {
  const text = query.get(name);
  if (text === undefined || text === "") return limit;
  const count = /^-?\d{1,10}$/.test(text) ? Number(text) : Infinity;
  if (Math.abs(count) > 2_147_483_647)
    throw invalid(name, text, `Provided ${name} not an integer or within integer range`);
  if (count < 0) throw invalid(name, text, `Argument ${name} must be an integer between 0 and 2147483647`);
  return Math.min(count, limit);
}

/** As `pageLimit`, but InvalidArgument for a count below 1 or above `limit`. */
export function strictLimit(query: Query, name: string, limit: number): number {
  const count = pageLimit(query, name, 2_147_483_647);
  if (count >= 1 && (count <= limit || !query.get(name))) return Math.min(count, limit);
  throw invalid(name, query.get(name) ?? "", `Argument ${name} must be an integer between 1 and ${limit}`);
}

export function encodingType(query: Query): "url" | undefined {
  const type = query.get("encoding-type");
  if (type === undefined || type === "") return undefined;
  if (type.toLowerCase() !== "url")
    throw invalid("encoding-type", type, "Invalid Encoding Method specified in Request");
  return "url";
}

/** How keys, prefixes, markers and delimiters appear in a listing. */
export function listedText(encoding: string | undefined): (text: string) => string {
  return encoding === "url" ? encodeKey : (text) => text;
}

const VERSION = "1";

/** A continuation token, opaque to clients. It begins with the version of its format. */
export function writeToken(after: string): string {
  return Buffer.from(VERSION + after).toString("base64url");
}

export function readToken(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  const text = bytes.toString();
  // Base64 has several forms of one text: only the form that `writeToken` writes is accepted.
  if (token === "" || !text.startsWith(VERSION) || writeToken(text.slice(1)) !== token) {
    throw new S3Error("InvalidArgument", {
      message: "The continuation token provided is incorrect",
      fields: { ArgumentName: "continuation-token" },
    });
  }
  return text.slice(1);
}

export function partNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 10_000) return Number(text);
  throw invalid("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive");
}

/** InvalidArgument for a request with only half of a part's address: it must not write an object. */
export function requireNoPart(query: Query): void {
  if (query.has("partNumber"))
    throw invalid("partNumber", "partNumber", "This operation does not accept partNumber without uploadId");
  if (query.has("uploadId"))
    throw invalid("uploadId", "uploadId", "This operation does not accept uploadId without partNumber");
}

/** `null`, or 32 of the characters that S3's version IDs have. */
export function isVersionId(id: string): boolean {
  return /^(null|[A-Za-z0-9._-]{32})$/.test(id);
}

/** The version that a request names, if any; `null` is that of an unversioned bucket. InvalidArgument. */
export function versionId(query: Query): string | undefined {
  const id = query.get("versionId");
  if (id === "") throw invalid("versionId", id, "Version id cannot be the empty string");
  if (id !== undefined && !isVersionId(id)) throw invalid("versionId", id, "Invalid version id specified");
  return id;
}
