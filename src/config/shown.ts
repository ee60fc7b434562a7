import { settingsSchema } from "./config.js";
import { placeText, type Place } from "./place.js";
import { withoutSecrets } from "./secret-setting.js";
import { settingTree, type Setting } from "./setting-tree.js";
import type { Settings } from "./settings.js";
import { oneLine } from "./yaml-line.js";

/**
 * The effective configuration as YAML, each value with where it comes from: a line of the file, a variable, or a default.
 * Secrets are hidden.
 */
export function shownSettings(settings: Settings): string {
  const shown = settingTree(settingsSchema).flatMap((setting) => lines(settings, setting, [setting.name], ""));
  return `${shown.join("\n")}\n`;
}

/** `begin` is the indentation, with "- " where the first setting of a list's entry is. */
function lines(settings: Settings, setting: Setting, place: Place, begin: string): string[] {
  const given = settings.at(place);
  const indent = begin.replace("-", " ");
  const inner = setting.inner;
  if (inner && setting.isList && Array.isArray(given)) {
    const entries = given.flatMap((entry: unknown, index) => {
      const at = [...place, index];
      // A webhook of the environment is written as NAME=URL.
      if (typeof entry !== "object") return [`${indent}  - ${sourced(settings, at, "", entry)}`];
      return group(settings, inner, at, `${indent}  - `);
    });
    return entries.length === 0 ? [] : [`${begin}${setting.name}:`, ...entries];
  }
  if (inner && setting.isList) return [];
  if (inner) {
    // What a group that is not there would hold is not in force.
    if (given === undefined && setting.default === undefined) return [];
    const all = group(settings, inner, place, `${indent}  `);
    return all.length === 0 ? [] : [`${begin}${setting.name}:`, ...all];
  }
  const value = given ?? setting.default;
  return value === undefined ? [] : [`${begin}${sourced(settings, place, setting.name, value)}`];
}

function group(settings: Settings, inner: readonly Setting[], place: Place, begin: string): string[] {
  let prefix = begin;
  return inner.flatMap((setting) => {
    const found = lines(settings, setting, [...place, setting.name], prefix);
    if (found.length > 0) prefix = begin.replace("-", " ");
    return found;
  });
}

/** The value on one line, with its source. */
function sourced(settings: Settings, place: Place, name: string, value: unknown): string {
  const shown = masked(placeText(place), value);
  const line = name === "" ? oneLine("", shown).replace(/^"": /, "") : oneLine(name, shown);
  return `${line}  # ${settings.source(place) ?? "default"}`;
}

function masked(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => withoutSecrets(key, entry));
  return withoutSecrets(key, value);
}
