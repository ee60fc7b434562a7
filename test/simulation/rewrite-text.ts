/**
 * The places where `find` stands in a program's text, however a formatter laid it out: white space and the comma that a
 * line break brings before a closing bracket do not count.
 */
export function placesOf(text: string, find: string): RegExpMatchArray[] {
  const tokens = find.replace(/\s+/g, "");
  const pattern = Array.from(tokens)
    .map((token) => (/[)\]}]/.test(token) ? `(?:,\\s*)?\\${token}` : token.replace(/[^\w]/g, "\\$&")))
    .join("\\s*");
  return [...text.matchAll(new RegExp(pattern, "g"))];
}

/** The text with its one `find` replaced; throws where it stands there more than once or not at all. */
export function rewriteText(
  text: string,
  { file, find, replace }: { file: string; find: string; replace: string },
): string {
  const places = placesOf(text, find);
  const [place] = places;
  if (places.length !== 1 || place?.index === undefined) {
    throw new Error(`${file} holds the text to rewrite ${places.length} times: ${find}`);
  }
  return text.slice(0, place.index) + replace + text.slice(place.index + place[0].length);
}
