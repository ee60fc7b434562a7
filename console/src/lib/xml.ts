interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(text: string): string }): { createHTML(text: string): string };
}

/** The one policy that the page's Content-Security-Policy allows: XML is parsed with it, and never shown as markup. */
const policy = (window as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("xml", {
  createHTML: (text) => text,
});

/** Undefined where the text is no XML. */
export function parseXml(text: string): Element | undefined {
  // What is plainly none need not be tried: browsers make a page of the fault.
  if (!text.trimStart().startsWith("<")) return undefined;
  const trusted = policy?.createHTML(text) ?? text;
  const { documentElement } = new DOMParser().parseFromString(trusted, "application/xml");
  return documentElement.getElementsByTagName("parsererror").length > 0 || documentElement.nodeName === "parsererror"
    ? undefined
    : documentElement;
}

/** Why a text is no XML, in the browser's words; undefined where it is. */
export function xmlFault(text: string): string | undefined {
  const trusted = policy?.createHTML(text) ?? text;
  const fault = new DOMParser().parseFromString(trusted, "application/xml").getElementsByTagName("parsererror")[0];
  return fault?.textContent;
}

export const childrenOf = (element: Element | undefined, name: string): Element[] =>
  [...(element?.children ?? [])].filter((child) => child.localName === name);

/** The text of a child, of a child of it, and so on; empty where there is none. */
export function textOf(element: Element | undefined, ...names: string[]): string {
  let at = element;
  for (const name of names) at = childrenOf(at, name)[0];
  return at?.textContent ?? "";
}

/** The namespace of S3's documents, as an attribute. */
export const XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** Text for a document of XML. What XML 1.0 has no way to write is refused by S3 as well. */
export const escapeXml = (text: string): string => text.replace(/[&<>"'\r\n\t]/g, (c) => `&#${c.charCodeAt(0)};`);

/** An element with a text in it. */
export const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;
