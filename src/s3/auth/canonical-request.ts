import { S3Error } from "../../gateway/s3-error.js";
import type { RequestHead } from "../request.js";
import { decodePercent, encodePercent } from "../wire/percent.js";
import type { SignatureClaims } from "./signature-claims.js";

/**
 * What Signature V4 is over: exactly the headers that the client names, and the path and query as S3 has them signed, each
 * decoded and encoded once. `payload` stands for the body. InvalidArgument for parameters that signers leave out.
 */
export function canonicalRequest(head: RequestHead, claims: SignatureClaims, payload: string): string {
  const { sorted, text } = claims.signedHeaders;
  let headers = "";
  for (const name of sorted) {
    // The payload counts also where a presigned URL has it as a parameter.
    const value = name === "x-amz-content-sha256" ? payload : (head.headers.get(name) ?? "");
    headers += `${name}:${value.trim().replace(/\s+/g, " ")}\n`;
  }
  return `${head.method}\n${canonicalPath(head.path)}\n${canonicalQuery(head, claims)}\n${headers}\n${text}\n${payload}`;
}

/** Not normalised: `//`, `.` and `..` are ordinary parts of a key. `/` and `%2F` are signed alike. */
function canonicalPath(raw: string): string {
  if (/^[A-Za-z0-9/._~-]*$/.test(raw)) return raw;
  return raw
    .split("/")
    .map((piece) => encodePercent(decodePercent(piece)))
    .join("/")
    .replaceAll("%2F", "/");
}

/** Parameters that signers such as `aws4` leave out of what is signed: anyone could add them to a request. */
const leftOut: ReadonlySet<string> = new Set(["", "__proto__"]);

function canonicalQuery({ query }: RequestHead, { place }: SignatureClaims): string {
  const parameters: { readonly name: string; readonly text: string }[] = [];
  for (const [name, values] of query.entries()) {
    if (place === "query" && name === "X-Amz-Signature") continue;
    if (leftOut.has(name))
      throw new S3Error("InvalidArgument", {
        message: `A signed request cannot have a query parameter ${name === "" ? "without a name" : `named '${name}'`}.`,
        fields: { ArgumentName: name },
      });
    const encoded = encodePercent(name);
    for (const value of values.length === 1 ? values.map(encodePercent) : values.map(encodePercent).sort())
      parameters.push({ name: encoded, text: `${encoded}=${value}` });
  }
  return parameters
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ text }) => text)
    .join("&");
}
