import { S3_NAMESPACE, type XmlDocument, type XmlField } from "./xml-schema.js";

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

// XML 1.0 does not allow control characters, U+FFFE and U+FFFF. S3 writes them as character references all the same.
// A carriage return is written as one, too: readers would turn it into a line feed.

const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g;

const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeXml(text: string): string {
  // A shortcut for ETags: only their quotes have to be escaped.
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"'))
    return `&quot;${escapeXml(text.slice(1, -1))}&quot;`;
  // Most texts have nothing to escape, and searching is much cheaper than replacing.
  return text.search(SPECIAL) < 0
    ? text
    : text.replace(SPECIAL, (char) => named[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

/** Writes one value of a field, with its tags. */
type Writer = (value: unknown) => string;

interface MemberWriter {
  readonly member: string;
  readonly write: Writer;
}

/** Each description is compiled to functions once: a page of a thousand keys is then written in 1 ms. */
const writers = new WeakMap<readonly XmlField[], readonly MemberWriter[]>();

function valueWriter({ element, type }: XmlField): Writer {
  const open = `<${element}>`;
  const close = `</${element}>`;
  if (typeof type !== "string") return (value) => open + writeFields(type, value as object) + close;
  // In listings, storage class, checksum algorithm and date mostly repeat from entry to entry: the last text is kept.
  let last: unknown;
  let lastText = "";
  return (value) => {
    const known = value instanceof Date ? value.getTime() : value;
    if (known !== last) {
      last = known;
      lastText = open + (typeof value === "string" ? escapeXml(value) : plainText(value)) + close;
    }
    return lastText;
  };
}

function plainText(value: unknown): string {
  return value instanceof Date ? isoTime(value) : escapeXml(String(value));
}

const MINUTE_MS = 60_000;
const digits = (count: number, width: number) =>
  Array.from({ length: count }, (_, value) => String(value).padStart(width, "0"));
const SECONDS = digits(60, 2);
const MILLISECONDS = digits(1000, 3);
let lastMinute = { number: NaN, text: "" };

/**
 * As toISOString, but keeps the text of the last minute: keys of one page were often put in the same minute, and
 * toISOString would take a tenth of a listing's time.
 */
function isoTime(date: Date): string {
  const ms = date.getTime();
  const minute = Math.floor(ms / MINUTE_MS);
  if (minute !== lastMinute.number)
    lastMinute = { number: minute, text: date.toISOString().slice(0, -"ss.mmmZ".length) };
  const rest = ms - minute * MINUTE_MS;
  return `${lastMinute.text}${SECONDS[Math.floor(rest / 1000)] ?? ""}.${MILLISECONDS[rest % 1000] ?? ""}Z`;
}

function memberWriter(field: XmlField): MemberWriter {
  const { within } = field;
  const member = field.member ?? field.element;
  const one = valueWriter(field);
  if (!field.list) return { member, write: one };
  const all: Writer = (items) => {
    let text = "";
    for (const item of items as readonly unknown[]) text += one(item);
    return text;
  };
  return { member, write: within === undefined ? all : (items) => `<${within}>${all(items)}</${within}>` };
}

/** The members that are defined, in the description's order. */
export function writeFields(fields: readonly XmlField[], value: object): string {
  let prepared = writers.get(fields);
  if (!prepared) writers.set(fields, (prepared = fields.map(memberWriter)));
  let text = "";
  for (const { member, write } of prepared) {
    const content = (value as Record<string, unknown>)[member];
    if (content !== undefined && content !== null) text += write(content);
  }
  return text;
}

/** The root element with S3's namespace, without the XML declaration. */
export function writeElement<T extends object>(document: XmlDocument<T>, value: T): string {
  return `<${document.root} xmlns="${S3_NAMESPACE}">${writeFields(document.fields, value)}</${document.root}>`;
}
