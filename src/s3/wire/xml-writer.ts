import { S3_NAMESPACE, type XmlDocument, type XmlField } from "./xml-schema.js";

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

// Control characters and U+FFFE/U+FFFF are no XML 1.0 characters; S3 writes them as character references all the same,
// and a carriage return would otherwise be read back as a line feed.
 
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g;

const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeXml(text: string): string {
  // Most texts have nothing to escape, and looking is much cheaper than replacing.
  return text.search(SPECIAL) < 0 ? text : text.replace(SPECIAL, (char) => named[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

function writeValue(field: XmlField, value: unknown): string {
  const { element, type } = field;
  const inner = typeof type !== "string"
    ? writeFields(type, value as object)
    : value instanceof Date ? value.toISOString() : escapeXml(String(value));
  return `<${element}>${inner}</${element}>`;
}

/** The members that are defined, in the description's order. */
export function writeFields(fields: readonly XmlField[], value: object): string {
  let text = "";
  for (const field of fields) {
    const member = (value as Record<string, unknown>)[field.member ?? field.element];
    if (member === undefined || member === null) continue;
    if (!field.list) {
      text += writeValue(field, member);
      continue;
    }
    let items = "";
    for (const item of member as readonly unknown[]) items += writeValue(field, item);
    text += field.within ? `<${field.within}>${items}</${field.within}>` : items;
  }
  return text;
}

/** The root element with S3's namespace, without the XML declaration. */
export function writeElement<T extends object>(document: XmlDocument<T>, value: T): string {
  return `<${document.root} xmlns="${S3_NAMESPACE}">${writeFields(document.fields, value)}</${document.root}>`;
}
