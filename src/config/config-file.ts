import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from "yaml";
import { ConfigError, reasonOf } from "./config-error.js";
import type { Place } from "./place.js";

export type Tree = Record<string, unknown>;

export interface ConfigFile {
  readonly path: string;
  readonly values: Tree;
  /** Where the deepest key on the way to `place` stands that the file has; undefined when it has none. */
  positionOf(place: Place): Position | undefined;
}

/** A place in a file, as editors count: both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** In our words: the parser's own messages quote the file, which holds secrets. */
const FAULTS: Readonly<Record<string, string>> = {
  BAD_ALIAS: "an alias (*name) of which no anchor (&name) stands before it; put text that begins with * in quotes",
  BAD_DQ_ESCAPE: "a backslash in double quotes that begins no escape; use single quotes",
  BAD_INDENT: "the indentation does not fit the lines above",
  BAD_SCALAR_START: "text that begins with a reserved character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second `key: value` on one line, or wrong indentation; put text with a colon in quotes",
  DUPLICATE_KEY: "the same key stands here a second time",
  MISSING_CHAR: "a colon, comma, quote or bracket is missing",
  MULTILINE_IMPLICIT_KEY: "a line without a colon; is one missing, or is this line indented wrongly?",
  MULTIPLE_DOCS: "a second document begins (---); one file holds one configuration",
  TAB_AS_INDENT: "a tab in the indentation; use spaces",
  TAG_RESOLVE_FAILED: "an unknown tag; put text that begins with ! in quotes",
  UNEXPECTED_TOKEN: "something that does not belong here; look for brackets, quotes and indentation",
};

/** Reads a YAML file. Throws ConfigError with the line and column of a mistake, and never with text of the file. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`cannot read the configuration file ${path}: ${reasonOf(cause)}`, { cause });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fault = firstFault(document);
  if (fault) {
    const { line, col } = lines.linePos(fault.offset);
    const why = FAULTS[fault.code] ?? "this does not belong here";
    throw new ConfigError(
      `cannot read the configuration file ${path}: line ${line}, column ${col} is not valid YAML: ${why}`,
    );
  }
  return { path, values: valuesOf(path, document), positionOf: (place) => positionOf(document.contents, place, lines) };
}

function firstFault(document: Document.Parsed): { readonly code: string; readonly offset: number } | undefined {
  // A warning is a tag that nothing is known of: its value would not be what was meant.
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) return { code: fault.code, offset: fault.pos[0] };
  let dangling: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      dangling = alias.range?.[0];
      return visit.BREAK;
    },
  });
  return dangling === undefined ? undefined : { code: "BAD_ALIAS", offset: dangling };
}

function valuesOf(path: string, document: Document.Parsed): Tree {
  let values: unknown;
  try {
    values = document.toJS() ?? {};
  } catch {
    throw new ConfigError(`the configuration file ${path} has too many aliases (*name): write the values out`);
  }
  if (typeof values === "object" && !Array.isArray(values)) return values as Tree;
  const kind = Array.isArray(values) ? "a list" : "one value";
  throw new ConfigError(
    `the configuration file ${path} holds ${kind}; it must hold keys and values, such as listen: 127.0.0.1:9000`,
  );
}

function positionOf(contents: Node | null, place: Place, lines: LineCounter): Position | undefined {
  let node: unknown = contents;
  let position: Position | undefined;
  for (const step of place) {
    let found: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      [found, node] = [pair?.key, pair?.value];
    } else if (isSeq(node)) found = node = node.items[Number(step)];
    const start = (found as Partial<Node> | undefined)?.range?.[0];
    if (start === undefined) break;
    const { line, col } = lines.linePos(start);
    position = { line, column: col };
  }
  return position;
}
