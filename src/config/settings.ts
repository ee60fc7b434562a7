import type { z } from "zod";
import { ConfigError } from "./config-error.js";
import type { ConfigFile, Tree } from "./config-file.js";
import { EXAMPLES } from "./examples.js";
import { faultOf, keyName, QUOTES } from "./issues.js";
import { nearest } from "./nearest.js";
import { placeOf, placeText, settingOf, type Place } from "./place.js";
import { hasPlaceholder, PLACEHOLDER_FAULT } from "./secret.js";
import { repeatable } from "./secret-setting.js";
import { settingTree, type Setting } from "./setting-tree.js";
import { isServiceVariable, LISTS, unknownVariables, type Environment, type Variables } from "./variables.js";

/** Values before they are checked, each with where it comes from: a place in the file, or an environment variable. */
export class Settings {
  private constructor(
    private readonly values: Tree,
    private readonly file: ConfigFile | undefined,
    private readonly origins: ReadonlyMap<string, Place>,
    /** What is wrong with the environment. */
    private readonly faults: readonly string[],
    /** Whether a file is expected, so that it must be said that there is none. */
    private readonly wantsFile: boolean,
  ) {}

  static of(values: Tree): Settings {
    return new Settings(values, undefined, new Map(), [], false);
  }

  /** Those of a file; none where it is undefined. */
  static ofFile(file: ConfigFile | undefined): Settings {
    return new Settings(file?.values ?? {}, file, new Map(), [], true);
  }

  /**
   * With the environment's values in the place of the file's; an empty variable counts as none. A variable that begins
   * with CESS_S3_ and that no command has is a mistake.
   */
  overlay(environment: Environment, variables: Variables): Settings {
    const values = structuredClone(this.values);
    const origins = new Map(this.origins);
    for (const [variable, place] of Object.entries(variables)) {
      const value = environment[variable];
      if (value === undefined || value === "" || isServiceVariable(variable, value)) continue;
      set(values, place, LISTS.has(variable) ? value.split(/[\s,]+/).filter((entry) => entry !== "") : value);
      origins.set(variable, place);
    }
    return new Settings(values, this.file, origins, unknownVariables(environment), this.wantsFile);
  }

  /** With values that the program itself knows. */
  with(values: Tree): Settings {
    return new Settings({ ...this.values, ...values }, this.file, this.origins, this.faults, this.wantsFile);
  }

  /** The values in the schema's form. Throws ConfigError with all that is wrong, and where each value comes from. */
  check<T extends z.ZodType>(schema: T): z.output<T> {
    const unfilled = placeholders(this.values).map((place) => this.finding(place, PLACEHOLDER_FAULT));
    const result = schema.safeParse(this.values, { error: faultOf });
    if (result.success && unfilled.length === 0 && this.faults.length === 0)
      return Object.freeze(result.data) as z.output<T>;
    const issues = (result.error?.issues ?? []).flatMap((issue) => this.findings(issue, schema));
    const findings = new Set([...this.faults, ...unfilled, ...issues]);
    const noFile = this.wantsFile && this.file === undefined && issues.length > 0;
    const title = noFile
      ? "invalid configuration; no file was given (--config FILE, or CESS_S3_CONFIG):"
      : "invalid configuration:";
    throw new ConfigError([title, ...findings].join("\n  "));
  }

  /** Of the file; undefined where there is none. */
  get path(): string | undefined {
    return this.file?.path;
  }

  /** As they stand in the file, without the environment's. */
  get fileValues(): Tree {
    return this.file?.values ?? {};
  }

  /** Where the value of a setting comes from; undefined when it is a default, or the program's own. */
  source(place: Place): string | undefined {
    const variable = this.variableOf(place);
    if (variable !== undefined) return variable;
    if (this.at(place) === undefined) return undefined;
    const position = this.file?.positionOf(place);
    return position && `${this.file?.path}:${position.line}`;
  }

  /** The value as it was written; undefined where it was not. */
  at(place: Place): unknown {
    return place.reduce<unknown>(
      (value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step],
      this.values,
    );
  }

  /** Does what uses these settings: an error of one of them then says where its value comes from. */
  async locate<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.located(error);
    }
  }

  private located(error: unknown): unknown {
    if (!(error instanceof ConfigError) || error.key === undefined) return error;
    const origin = this.origin(placeOf(error.key));
    return origin === "" ? error : new ConfigError(`${origin}${error.message}`, { cause: error });
  }

  private findings(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
    if (issue.code !== "unrecognized_keys") return [this.finding(issue.path, issue.message)];
    return issue.keys.map((key) => {
      const inside = issue.path.length === 0 ? "" : ` in ${placeText(issue.path)}`;
      const hint = meant(key, issue.path, settingTree(schema));
      return `${this.origin([...issue.path, key])}there is no setting ${keyName(key)}${inside}${hint}`;
    });
  }

  private finding(place: Place, fault: string): string {
    if (place.length === 0) return `${this.origin(place)}${fault}`;
    return `${this.origin(place)}${placeText(place)}: ${this.illustrated(place, fault)}`;
  }

  /** What is wrong, with the value where it may be shown and is not told yet, and an example where none is. */
  private illustrated(place: Place, fault: string): string {
    const shown = repeatable(placeText(place), this.at(place));
    if (fault.endsWith(QUOTES)) return shown === undefined ? fault : `${fault}, as "${shown}"`;
    if (IS_COMPLETE.test(fault)) return fault;
    const isTold = shown === undefined || fault.includes(" it is ") || fault.includes(shown);
    const example = fault.includes("such as") ? undefined : exampleFor(place);
    return `${fault}${isTold ? "" : `; it is ${shown}`}${example === undefined ? "" : `; write it as ${example}`}`;
  }

  /** `VARIABLE: `, `FILE, line N, column M: `, `FILE: ` where the file lacks it, or nothing. */
  private origin(place: Place): string {
    const variable = this.variableOf(place);
    if (variable !== undefined) return `${variable}: `;
    if (!this.file) return "";
    const position = this.file.positionOf(place);
    if (position === undefined) return `${this.file.path}: `;
    return `${this.file.path}, line ${position.line}, column ${position.column}: `;
  }

  private variableOf(place: Place): string | undefined {
    for (const [variable, set] of this.origins) if (set.every((step, index) => place[index] === step)) return variable;
    return undefined;
  }
}

/** Faults that lie in another setting, or that say by themselves what to write. */
const IS_COMPLETE = /is set as well|as well: each|must differ|must be chosen|placeholder|`openssl/;

/** `territory: "photos"`, or an entry alone for one of a list; undefined where there is none. */
function exampleFor(place: Place): string | undefined {
  const key = settingOf(place);
  const entries: unknown = EXAMPLES[key.replace(/\[\]$/, "")];
  if (key.endsWith("[]")) return Array.isArray(entries) ? JSON.stringify(entries[0]) : undefined;
  return entries === undefined ? undefined : `${String(place.at(-1))}: ${JSON.stringify(entries)}`;
}

/** What an unknown key was probably meant to be: a name like it at the same place, or the same name at another. */
function meant(key: string, path: Place, tree: readonly Setting[]): string {
  let level = tree;
  for (const step of path) {
    if (typeof step === "number") continue;
    level = level.find(({ name }) => name === step)?.inner ?? [];
  }
  const near = nearest(
    key,
    level.map(({ name }) => name),
  );
  if (near !== undefined) return `; did you mean ${near}?`;
  const elsewhere = all(tree).filter(({ name, key: place }) => name === key && !place.includes("[]"));
  return elsewhere.length === 0 ? "" : `; did you mean ${elsewhere.map((setting) => setting.key).join(" or ")}?`;
}

function all(tree: readonly Setting[]): Setting[] {
  return tree.flatMap((setting) => [setting, ...all(setting.inner ?? [])]);
}

/** A value that stands where keys are expected is left for the schema to refuse. */
function set(tree: Tree, place: readonly string[], value: unknown): void {
  const [name, ...rest] = place;
  if (name === undefined) return;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const inner = (tree[name] ??= {});
  if (typeof inner === "object" && !Array.isArray(inner)) set(inner as Tree, rest, value);
}

/** Places of any text: prefixes are keys of objects, and policies have variables such as `${aws:username}`. */
const FREE_TEXT: readonly PropertyKey[] = ["prefixes", "policy"];

/** Where placeholders stand. */
function placeholders(value: unknown, place: Place = []): Place[] {
  if (typeof value === "string")
    return hasPlaceholder(value) && !place.some((step) => FREE_TEXT.includes(step)) ? [place] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    placeholders(inner, [...place, Array.isArray(value) ? Number(key) : key]),
  );
}
