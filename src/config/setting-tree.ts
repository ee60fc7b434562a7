import type { z } from "zod";

/** A setting of the schema, or a group or list of settings. */
export interface Setting {
  /** The last part of `key`; empty for an entry of a list. */
  readonly name: string;
  /** As documents name it: `accounts[].name`. */
  readonly key: string;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** In the form in which it is written; undefined when there is none. */
  readonly default?: unknown;
  /** The settings in a group, or in each entry of a list of groups. */
  readonly inner?: readonly Setting[];
  readonly isList: boolean;
  /** The values that it takes, where these are few words. */
  readonly choices?: readonly string[];
}

/** The settings that a schema has, in its order. */
export function settingTree(schema: z.core.$ZodType): readonly Setting[] {
  return settingOf(schema, "", "").inner ?? [];
}

/** The settings that hold values, those of groups and lists included. */
export function leaves(settings: readonly Setting[]): Setting[] {
  return settings.flatMap((setting) => (setting.inner ? leaves(setting.inner) : [setting]));
}

function settingOf(given: z.core.$ZodType, key: string, name: string): Setting {
  const { schema, optional, fallback } = unwrapped(given);
  const common = { key, name, optional, ...(fallback === undefined ? {} : { default: fallback }) };
  const { def } = schema._zod;
  if (def.type === "object") return { ...common, isList: false, inner: innerOf(schema, key) };
  if (def.type === "array") {
    const element = unwrapped((def as z.core.$ZodArrayDef).element).schema;
    const isGroup = element._zod.def.type === "object";
    return { ...common, isList: true, ...(isGroup ? { inner: innerOf(element, `${key}[]`) } : {}) };
  }
  const choices = def.type === "enum" ? Object.values((def as z.core.$ZodEnumDef).entries).map(String) : undefined;
  return { ...common, isList: false, ...(choices ? { choices } : {}) };
}

function innerOf(schema: z.core.$ZodType, key: string): Setting[] {
  const { shape } = schema._zod.def as z.core.$ZodObjectDef;
  return Object.entries(shape).map(([name, inner]) => settingOf(inner, key === "" ? name : `${key}.${name}`, name));
}

/** What is inside of optional values, defaults and conversions, seen from the side where it is written. */
function unwrapped(given: z.core.$ZodType): { schema: z.core.$ZodType; optional: boolean; fallback?: unknown } {
  let schema = given;
  let optional = false;
  let fallback: unknown;
  for (;;) {
    const { def } = schema._zod;
    switch (def.type) {
      case "default":
      case "prefault":
        fallback = (def as z.core.$ZodDefaultDef).defaultValue;
        optional = true;
        schema = (def as z.core.$ZodDefaultDef).innerType;
        break;
      case "optional":
      case "nonoptional":
      case "readonly":
        optional ||= def.type === "optional";
        schema = (def as z.core.$ZodOptionalDef).innerType;
        break;
      case "pipe": {
        const { in: input, out } = def as z.core.$ZodPipeDef;
        schema = input._zod.def.type === "transform" ? out : input;
        break;
      }
      default:
        return { schema, optional, fallback };
    }
  }
}
