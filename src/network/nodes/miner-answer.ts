/** A storage node's answer, from the HTTP status or from the `code` of a JSON body. */
export interface MinerAnswer {
  readonly code: number;
  readonly message: string;
}

/** Longest node's text that is kept for error messages, in characters. */
const MESSAGE_LIMIT = 300;

/**
 * Nodes answer JSON `{code, msg, data}`, mostly under HTTP 200 whatever the code says; a refusal may also be a bare
 * HTTP status. An HTTP status of failure outranks the body. Undefined when a success is not said in JSON.
 */
export function readAnswer(status: number, body: string): MinerAnswer | undefined {
  const parsed = parse(body);
  if (status !== 200) return { code: status, message: parsed?.message ?? `HTTP ${status}` };
  return parsed;
}

function parse(body: string): MinerAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("code" in value) || typeof value.code !== "number")
    return undefined;
  const text = "msg" in value && typeof value.msg === "string" ? value.msg : "";
  // A stranger's text goes to logs: one line, bounded.
  const line = text.replace(/[^\x20-\x7e]+/g, " ").slice(0, MESSAGE_LIMIT);
  return { code: value.code, message: `code ${value.code}${line === "" ? "" : `: ${line}`}` };
}

/**
 * 404 is `missing`. 5xx, 408 and 429 are temporary troubles of the node and count as no answer, and so does a 403 that is
 * not about the signature: nodes say so when they cannot ask the chain. All else is a refusal, also redirects, which are
 * never followed.
 */
export function failureKind({ code, message }: MinerAnswer): "unreachable" | "refused" | "missing" {
  if (code === 404) return "missing";
  const troubled = code === 403 && !message.includes("signature");
  return troubled || code >= 500 || code === 408 || code === 429 ? "unreachable" : "refused";
}
