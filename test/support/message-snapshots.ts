import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/**
 * Messages in a Markdown file, a section for each: what was tried, and what was said. They are compared exactly;
 * `UPDATE_DOCS=1 npm test` writes the file.
 */
export class MessageSnapshots {
  private readonly path: string;
  private readonly written: ReadonlyMap<string, string>;
  private readonly said = new Map<string, string>();

  constructor(
    file: string,
    private readonly heading: string,
  ) {
    this.path = join(root, file);
    const text = existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
    this.written = new Map(
      text
        .split(/^## /m)
        .slice(1)
        .map((section) => [section.slice(0, section.indexOf("\n")), section.trimEnd()]),
    );
  }

  /** Compares what was said of `tried` with the file. */
  expect(title: string, tried: string, said: string): void {
    const section = `${title}\n\n${fence("yaml", tried)}\n\n${fence("text", said)}`;
    this.said.set(title, section);
    if (process.env["UPDATE_DOCS"] !== "1") expect(section).to.equal(this.written.get(title));
  }

  /** After all messages: the file must have these and no others. */
  finish(): void {
    if (process.env["UPDATE_DOCS"] === "1")
      writeFileSync(
        this.path,
        `# ${this.heading}\n${[...this.said.values()].map((each) => `\n## ${each}\n`).join("")}`,
      );
    else expect([...this.written.keys()]).to.deep.equal([...this.said.keys()]);
  }
}

const fence = (language: string, text: string) => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
