import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { z } from "zod";
import { configSchema, nodeConfigSchema } from "../../src/config/config.js";
import { ALL_VARIABLES, isServiceVariable } from "../../src/config/variables.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const page = readFileSync(join(root, "docs/configuration.md"), "utf8");

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** The places of a configuration that hold a value: `cache.memory`, `accounts[].name`. */
function keys({ properties, items }: JsonSchema, place = ""): string[] {
  if (properties)
    return Object.entries(properties).flatMap(([name, inner]) => keys(inner, place === "" ? name : `${place}.${name}`));
  if (items?.properties) return keys(items, `${place}[]`);
  return [place];
}

const keysOf = (schema: z.ZodType) =>
  keys(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema);
const variables = (text: string) =>
  [...new Set([...text.matchAll(/\bCESS_S3_[A-Z0-9_]+\b/g)].map(([variable]) => variable))]
    .filter((variable) => ALL_VARIABLES.includes(variable) || !isServiceVariable(variable, "tcp://10.0.0.1:9000"))
    .sort();

/** What stands first in the rows of the tables, where that is a key: rows of commands and variables are others. */
const documented = [...page.matchAll(/^\| `([a-z][A-Za-z[\].]*)` \|/gm)].map(([, key = ""]) => key);

describe("docs/configuration.md", () => {
  it("has a row for each setting of the gateway and of a storage node", () => {
    const wanted = [...keysOf(configSchema), ...keysOf(nodeConfigSchema)];
    expect(wanted).to.include.members([
      "listen",
      "cache.memory",
      "accounts[].keys[].expires",
      "placement.perNetwork",
      "declaredTib",
    ]);
    expect(wanted.filter((key) => !documented.includes(key))).to.deep.equal([]);
  });

  it("has no row for a setting that does not exist", () => {
    const known = [...keysOf(configSchema), ...keysOf(nodeConfigSchema)];
    expect(documented.filter((key) => !known.includes(key))).to.deep.equal([]);
  });

  it("names exactly the environment variables that are read", () => {
    expect(variables(page)).to.deep.equal([...ALL_VARIABLES].sort());
  });
});
