import type { Pairs } from "./pairs.js";
import { childrenOf, escapeXml, parseXml, textOf, XMLNS } from "./xml.js";

export function parseTags(document: string | undefined): Pairs {
  const root = document === undefined ? undefined : parseXml(document);
  return childrenOf(childrenOf(root, "TagSet")[0], "Tag").map((tag) => [textOf(tag, "Key"), textOf(tag, "Value")]);
}

export function writeTags(tags: Pairs): string {
  const each = tags.map(([key, value]) => `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`);
  return `<Tagging ${XMLNS}><TagSet>${each.join("")}</TagSet></Tagging>`;
}
