import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What docs/configuration.md says of a setting, as plain text. */
export interface SettingText {
  readonly meaning: string;
  /** Undefined when it has none. */
  readonly variable?: string;
  readonly unit?: string;
}

/** Beside the program, in the repository, the npm package and the image. */
const PAGE = fileURLToPath(new URL("../../../docs/configuration.md", import.meta.url));
const ROW = /^\| `([a-z][A-Za-z[\].]*)` \| (.*?) \| .*? \| (.*?) \| (.*?) \|$/gm;

/**
 * The texts of all settings by their key, `accounts[].name`: the document is the one place where they are written. A
 * setting that it lacks fails a test. Where the page has two rows for a key, one a storage node's, the first is taken.
 */
export function settingTexts(): ReadonlyMap<string, SettingText> {
  const texts = new Map<string, SettingText>();
  for (const [, key = "", variable = "", unit = "", meaning = ""] of readFileSync(PAGE, "utf8").matchAll(ROW)) {
    if (texts.has(key)) continue;
    texts.set(key, {
      meaning: plain(meaning),
      ...(isNone(variable) ? {} : { variable: plain(variable) }),
      ...(isNone(unit) ? {} : { unit: plain(unit) }),
    });
  }
  return texts;
}

const isNone = (cell: string) => cell === "–" || cell === "";

/** Without Markdown's marks; a link's text stays. */
function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*([^*]*)\*\*/g, "$1")
    .replaceAll("`", "")
    .replaceAll("\\|", "|");
}
