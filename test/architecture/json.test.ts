import { expect } from "chai";
import ts from "typescript";
import { sources, textOf } from "./source-files.js";

/** The places, as `file:line`, where what JSON.parse gives is declared to be of a type instead of being checked. */
function uncheckedJson(file: string, text = textOf(file)): string[] {
  if (!text.includes("JSON")) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && isParse(node.expression))
      found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isParse(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return isParse(node.expression);
  return ts.isCallExpression(node) && node.expression.getText() === "JSON.parse";
}

describe("JSON that the program reads", () => {
  it("is checked before it has a type: what is not checked is a compiler's error, unless it is cast, which no file does", () => {
    const files = sources("src");
    expect(files.filter((file) => textOf(file).includes("JSON.parse(")).length).to.be.greaterThan(10);
    expect(files.flatMap((file) => uncheckedJson(file))).to.deep.equal([]);
  });

  it("is found where it is cast, however the cast is written", () => {
    const lines = [
      `const a = JSON.parse(text) as A;`,
      `const b = <B>JSON.parse(read(")"));`,
      `const c = (JSON.parse(text) as unknown) as C;`,
      `const d: unknown = JSON.parse(text);`,
      `// JSON.parse(text) as E`,
      `return JSON.parse(`,
      `  text.replace(/\\)/g, (whole) => (whole === ")" ? "" : whole)),`,
      `) as F;`,
    ];
    expect([...new Set(uncheckedJson("a.ts", lines.join("\n")))]).to.deep.equal([
      "a.ts:1",
      "a.ts:2",
      "a.ts:3",
      "a.ts:6",
    ]);
  });
});
