import { XMLParser } from "fast-xml-parser";
import { S3Error } from "../../gateway/s3-error.js";
import type { XmlDocument, XmlField } from "./xml-schema.js";

/** Deepest nesting accepted. Lifecycle's documents, the deepest of S3's, need less. */
const MAX_DEPTH = 12;

// The parser does not expand entities. XML's five and character references are decoded here, and a document with a
// DOCTYPE is refused before it is parsed.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  removeNSPrefix: true,
  cdataPropName: "#cdata",
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
});

type Node = Readonly<Record<string, unknown>>;

const malformed = (why: string, cause?: unknown) =>
  new S3Error("MalformedXML", cause === undefined ? { fields: { Reason: why } } : { fields: { Reason: why }, cause });

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    const known = entities[name];
    if (known !== undefined && whole.endsWith(";")) return known;
    const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point = digits && whole.endsWith(";") ? (digits[1] ? parseInt(digits[1], 16) : Number(digits[2])) : -1;
    if (point <= 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw malformed("unknown entity");
    return String.fromCodePoint(point);
  });
}

function textOf(nodes: readonly Node[]): string {
  let text = "";
  for (const node of nodes) {
    if (typeof node["#text"] === "string") text += decodeEntities(node["#text"]);
    else if (Array.isArray(node["#cdata"])) {
      for (const part of node["#cdata"] as Node[]) text += typeof part["#text"] === "string" ? part["#text"] : "";
    } else throw malformed("an element where text belongs");
  }
  return text;
}

function readText(field: XmlField, text: string): unknown {
  switch (field.type) {
    case "integer":
      if (!/^-?\d{1,15}$/.test(text.trim())) throw malformed(`${field.element} is not a number`);
      return Number(text.trim());
    case "boolean":
      if (!/^(true|false)$/i.test(text.trim())) throw malformed(`${field.element} is not true or false`);
      return text.trim().toLowerCase() === "true";
    case "timestamp": {
      const at = new Date(text.trim());
      if (Number.isNaN(at.getTime())) throw malformed(`${field.element} is not a date`);
      return at;
    }
    default:
      return text;
  }
}

const readNode = (field: XmlField, children: readonly Node[]) =>
  typeof field.type === "string" ? readText(field, textOf(children)) : readFields(field.type, children);

function children(nodes: readonly Node[], element: string): (readonly Node[])[] {
  return nodes.filter((node) => Array.isArray(node[element])).map((node) => node[element] as Node[]);
}

function readFields(fields: readonly XmlField[], nodes: readonly Node[]): object {
  const result: Record<string, unknown> = {};
  for (const field of fields) {
    const name = field.member ?? field.element;
    const holders = field.within ? children(nodes, field.within).flat() : nodes;
    const found = children(holders, field.element);
    if (found.length === 0 && field.required) throw malformed(`${field.element} is missing`);
    if (field.list) result[name] = found.map((each) => readNode(field, each));
    else if (found.length > 1) throw malformed(`${field.element} appears more than once`);
    else if (found[0]) result[name] = readNode(field, found[0]);
  }
  return result;
}

/** Reads a document. Elements that the description does not name are ignored. MalformedXML. */
export function readXml<T>(text: string, document: XmlDocument<T>): T {
  if (/<!(?!--|\[CDATA\[)/.test(text)) throw malformed("document types are not accepted");
  let nodes: Node[];
  try {
    // The validator in the parser's package is enough; its successor is another package.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    nodes = parser.parse(text, true) as Node[];
  } catch (cause) {
    throw malformed("not well-formed", cause);
  }
  const elements = nodes.filter((node) => !("#text" in node));
  const root = elements[0]?.[document.root];
  if (elements.length !== 1 || !Array.isArray(root)) throw malformed(`the root element must be ${document.root}`);
  return readFields(document.fields, root as Node[]) as T;
}
