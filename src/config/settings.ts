import type { z } from "zod";
import { ConfigError } from "./config-error.js";
import type { ConfigFile, Place, Tree } from "./config-file.js";
import { faultOf, keyName, placeText } from "./issues.js";
import { hasPlaceholder, PLACEHOLDER_FAULT } from "./secret.js";
import { LISTS, type Variables } from "./variables.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values before they are checked, each with where it comes from: a line of the file, or an environment variable. */
export class Settings {
  constructor(
    private readonly values: Tree,
    private readonly file?: ConfigFile,
    private readonly origins: ReadonlyMap<string, Place> = new Map(),
  ) {}

  /** With the environment's values in the place of the file's; an empty variable counts as none. */
  overlay(environment: Environment, variables: Variables): Settings {
    const values = structuredClone(this.values);
    const origins = new Map(this.origins);
    for (const [variable, place] of Object.entries(variables)) {
      const value = environment[variable];
      if (value === undefined || value === "") continue;
      set(values, place, LISTS.has(variable) ? value.split(/[\s,]+/).filter((entry) => entry !== "") : value);
      origins.set(variable, place);
    }
    return new Settings(values, this.file, origins);
  }

  /** With values that the program itself knows. */
  with(values: Tree): Settings {
    return new Settings({ ...this.values, ...values }, this.file, this.origins);
  }

  /** The values in the schema's form. Throws ConfigError with all that is wrong, and where each value comes from. */
  check<T extends z.ZodType>(schema: T): z.output<T> {
    const unfilled = placeholders(this.values).map((place) => this.finding(place, PLACEHOLDER_FAULT));
    const result = schema.safeParse(this.values, { error: faultOf });
    if (result.success && unfilled.length === 0) return Object.freeze(result.data) as z.output<T>;
    const findings = new Set([...unfilled, ...(result.error?.issues ?? []).flatMap((issue) => this.findings(issue))]);
    throw new ConfigError(["invalid configuration:", ...findings].join("\n  "));
  }

  private findings(issue: z.core.$ZodIssue): string[] {
    if (issue.code !== "unrecognized_keys") return [this.finding(issue.path, issue.message)];
    return issue.keys.map((key) => {
      const inside = issue.path.length === 0 ? "" : ` in ${placeText(issue.path)}`;
      return `${this.origin([...issue.path, key])}there is no setting ${keyName(key)}${inside}`;
    });
  }

  private finding(place: Place, fault: string): string {
    return place.length === 0 ? `${this.origin(place)}${fault}` : `${this.origin(place)}${placeText(place)}: ${fault}`;
  }

  /** `VARIABLE: `, `FILE, line N: `, `FILE: ` where the file lacks it, or nothing. */
  private origin(place: Place): string {
    for (const [variable, set] of this.origins)
      if (set.every((step, index) => place[index] === step)) return `${variable}: `;
    if (!this.file) return "";
    const line = this.file.lineOf(place);
    return line === undefined ? `${this.file.path}: ` : `${this.file.path}, line ${line}: `;
  }
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
