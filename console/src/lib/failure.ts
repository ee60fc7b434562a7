import { t } from "../texts.js";
import { childrenOf, parseXml, textOf } from "./xml.js";

/** What S3 or the gateway refused, in words for the person who looks at the page. */
export class Failure extends Error {
  constructor(
    /** S3's error code; `HTTP 404` and so on where there is none; `Network` where nothing answered. */
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Codes after which nothing more is answered to this key: the session is over. */
const OVER = new Set(["ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"]);

export const isOver = (error: unknown): error is Failure => error instanceof Failure && OVER.has(error.code);

/** Of an answer that is not 2xx. HEAD has no body, and tells by its status alone. */
export function failureOf(status: number, body: string): Failure {
  const root = parseXml(body);
  const code = textOf(root, "Code") || `HTTP ${status}`;
  const argument = textOf(root, "ArgumentName");
  const about = argument === "" ? "" : ` (${argument}: ${textOf(root, "ArgumentValue")})`;
  const message = textOf(root, "Message");
  const said = message === "" ? (root ? "" : body.trim().slice(0, 300)) : message + about;
  const known = t.errors[code];
  if (code === "RequestTimeTooSkewed") return new Failure(code, status, skewText(root));
  const text = known ?? (said === "" ? (t.statuses[status] ?? t.statusUnknown(status)) : said);
  return new Failure(code, status, text);
}

function skewText(root: Element | undefined): string {
  const server = Date.parse(textOf(root, "ServerTime"));
  return t.clockOff(Number.isNaN(server) ? undefined : (Date.now() - server) / 1000);
}

/** Failures of single keys, in the answer to DeleteObjects. */
export function keyFailures(root: Element | undefined): { key: string; text: string }[] {
  return childrenOf(root, "Error").map((each) => ({
    key: textOf(each, "Key"),
    text: t.errors[textOf(each, "Code")] ?? textOf(each, "Message"),
  }));
}

export const networkFailure = (): Failure => new Failure("Network", 0, t.noAnswer);

/** The text of whatever was thrown. */
export const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";
