import type { Stats } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { reasonOf } from "../../config/config-error.js";
import { placeText, type Place } from "../../config/place.js";
import { isSecretSetting } from "../../config/secret-setting.js";
import type { Settings } from "../../config/settings.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const CHECK = "files";
/** Bits of a mode: reading by the group and by everyone else. */
const READABLE_BY_OTHERS = 0o044;
/** Names of settings whose file everybody may read. */
const PUBLIC = /^(?:ca|cert)File$/;

interface Named {
  readonly key: string;
  readonly path: string;
}

/** The files that the configuration names: whether they are there, and closed to others where they hold secrets. */
export async function namedFiles(settings: Settings, keyFile: string): Promise<Finding[]> {
  const named = filesIn(settings.at([]));
  const all = named.some(({ path }) => path === keyFile)
    ? named
    : [...named, { key: "encryption.keyFile", path: keyFile }];
  const found = (await Promise.all([...all.map((each) => look(each)), configurationFile(settings)])).flat();
  return found.length > 0 ? found : [ok(CHECK, "all that the configuration names can be read, by their owner alone")];
}

async function look({ key, path }: Named): Promise<Finding[]> {
  let found: Stats;
  try {
    found = await stat(path);
    await access(path, constants.R_OK);
  } catch (error) {
    // The gateway writes it at its first start. Where the data folder is none, another check tells.
    if (key === "encryption.keyFile" && /^(?:ENOENT|ENOTDIR)$/.test(String((error as NodeJS.ErrnoException).code)))
      return [];
    return [failure(CHECK, `${key}: cannot read ${path}: ${reasonOf(error)}`, `correct ${key}, or the file`)];
  }
  if (!found.isFile()) return [failure(CHECK, `${key}: ${path} is no file`, `name a file in ${key}`)];
  return PUBLIC.test(key.slice(key.lastIndexOf(".") + 1)) ? [] : exposure(key, path, found);
}

function exposure(key: string, path: string, { mode }: Stats): Finding[] {
  if ((mode & READABLE_BY_OTHERS) === 0) return [];
  const bits = (mode & 0o777).toString(8).padStart(4, "0");
  return [warning(CHECK, `${key}: others than its owner may read ${path} (mode ${bits})`, `chmod 600 ${path}`)];
}

/** The configuration file itself, where secrets stand in it. */
async function configurationFile(settings: Settings): Promise<Finding[]> {
  const { path } = settings;
  if (path === undefined || !hasSecrets(settings.fileValues)) return [];
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? [] : exposure("the configuration file, which holds secrets", path, found);
}

function hasSecrets(value: unknown, place: Place = []): boolean {
  if (typeof value === "string") return isSecretSetting(placeText(place));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => hasSecrets(inner, [...place, name]));
}

/** By their names, so that a setting that is added later is looked at, too. */
function filesIn(value: unknown, place: Place = []): Named[] {
  if (typeof value === "string")
    return String(place.at(-1)).endsWith("File") ? [{ key: placeText(place), path: value }] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    filesIn(inner, [...place, Array.isArray(value) ? Number(name) : name]),
  );
}
