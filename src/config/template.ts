import { settingsSchema } from "./config.js";
import { settingTexts, type SettingText } from "./documentation.js";
import { EXAMPLES } from "./examples.js";
import { settingTree, type Setting } from "./setting-tree.js";
import { oneLine } from "./yaml-line.js";

const HEAD = `\
# The configuration of cess-s3. \`cess-s3 serve --config FILE\` uses it.
#
# Lines that begin with #NAME: are settings with their defaults, or with an example where there is no default. To change one,
# remove the # and write another value. Indented settings belong to the group above them, which needs its # removed, too.
# An environment variable outranks the file. All about them: docs/configuration.md
#
# \`cess-s3 config check --config FILE\` finds mistakes, \`cess-s3 doctor --config FILE\` looks at disk, chain and nodes as well.
`;

/** What only the operator knows stands there without #, with an example. Of several that exclude each other: this one. */
const CHOSEN = new Set(["chain.mnemonicFile", "accounts[].secretAccessKeyFile"]);

const WIDTH = 110;

/** A configuration file with all settings, their texts and their defaults. */
export function configTemplate(): string {
  const texts = settingTexts();
  const groups = settingTree(settingsSchema).map((setting) => lines(setting, texts, "", true).join("\n"));
  return `${HEAD}\n${groups.join("\n\n")}\n`;
}

/** Whether it stands there without #. Groups that may be left out are not begun; `encryption` is, for its default. */
function isActive(setting: Setting): boolean {
  if (!setting.inner) return !setting.optional || CHOSEN.has(setting.key);
  return (!setting.optional || setting.key === "encryption") && setting.inner.some(isActive);
}

/**
 * `begin` is the indentation, with "- " where the first setting of a list's entry is; `within` tells whether the group
 * around it stands there without #.
 */
function lines(setting: Setting, texts: ReadonlyMap<string, SettingText>, begin: string, within: boolean): string[] {
  const indent = begin.replace("-", " ");
  const active = within && isActive(setting);
  const mark = active ? "" : "#";
  if (!setting.inner) {
    const value = setting.default ?? EXAMPLES[setting.key];
    return [...comment(setting, texts.get(setting.key), indent), `${mark}${begin}${oneLine(setting.name, value)}`];
  }
  const [first, ...rest] = [...setting.inner].sort((a, b) => Number(isActive(b)) - Number(isActive(a)));
  const list = setting.isList ? `${indent}  - ` : `${indent}  `;
  return [
    `${mark}${begin}${setting.name}:`,
    ...(first ? lines(first, texts, list, active) : []),
    ...rest.flatMap((inner) => lines(inner, texts, list.replace("-", " "), active)),
  ];
}

function comment(setting: Setting, text: SettingText | undefined, indent: string): string[] {
  const { meaning = "", unit, variable } = text ?? {};
  const { choices } = setting;
  const notes = [
    unit,
    choices === undefined || choices.every((choice) => meaning.includes(choice)) ? undefined : choices.join(", "),
    variable,
    setting.default === undefined && setting.optional ? "no default" : undefined,
  ].filter((note) => note !== undefined);
  const all = `${meaning}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  return wrapped(all, WIDTH - indent.length).map((line) => `${indent}# ${line}`);
}

function wrapped(text: string, width: number): string[] {
  const found: string[] = [];
  for (const word of text.split(" ")) {
    const line = found.at(-1);
    if (line === undefined || line.length + word.length >= width) found.push(word);
    else found[found.length - 1] = `${line} ${word}`;
  }
  return found;
}
