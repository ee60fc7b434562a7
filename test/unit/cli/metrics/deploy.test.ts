import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { parse } from "yaml";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const run = promisify(execFile);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const rules = () =>
  (parse(read("deploy/alerts.yaml")) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const panels = () => (JSON.parse(read("deploy/grafana.json")) as { panels: Panel[] }).panels;

/** Fails with what promtool says; false where it is not installed. */
async function promtool(path: string): Promise<boolean> {
  try {
    await run("promtool", ["check", "rules", path]);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new Error(String((error as { stderr?: string }).stderr), { cause: error });
  }
}

describe("What deploy/ has for Prometheus and Grafana", () => {
  it("alerts with a severity, a summary that names what it is about, and what to do", () => {
    expect(rules().length).to.be.least(15);
    for (const { alert, labels, annotations, for: after } of rules()) {
      expect(alert).to.match(/^CessS3[A-Za-z0-9]+$/);
      expect(labels.severity, alert).to.be.oneOf(["critical", "warning"]);
      expect(annotations.summary, alert).to.match(/\{\{ \$labels\.(instance|territory) \}\}/);
      expect(annotations.description, alert).to.match(/\.$/);
      if (after !== undefined) expect(after, alert).to.match(/^\d+[mh]$/);
    }
    const names = rules().map(({ alert }) => alert);
    expect(new Set(names).size).to.equal(names.length);
  });

  it("has each alert in docs/monitoring.md, with what to do first", () => {
    const page = read("docs/monitoring.md");
    expect(rules().filter(({ alert }) => !page.includes(`\`${alert}\``))).to.deep.equal([]);
    const documented = [...page.matchAll(/`(CessS3\w+)`/g)].map(([, name]) => name);
    expect(documented.filter((name) => !rules().some(({ alert }) => alert === name))).to.deep.equal([]);
  });

  it("shows panels that do not overlap, each with a query, limited to the instances that are chosen", () => {
    const placed = panels().map(({ title, gridPos }) => ({ title, ...gridPos }));
    for (const [at, one] of placed.entries()) {
      expect(one.x + one.w, one.title).to.be.most(24);
      for (const two of placed.slice(at + 1)) {
        const apart =
          one.x + one.w <= two.x || two.x + two.w <= one.x || one.y + one.h <= two.y || two.y + two.h <= one.y;
        expect(apart, `${one.title} and ${two.title}`).to.equal(true);
      }
    }
    for (const { type, title, targets = [] } of panels()) {
      if (type === "row") continue;
      expect(targets.length, title).to.be.least(1);
      for (const { expr } of targets) expect(expr, title).to.contain('instance=~"$instance"');
    }
    expect(
      panels()
        .filter(({ type }) => type === "row")
        .map(({ title }) => title),
    ).to.include.members([
      "Overview",
      "Requests",
      "Objects on their way",
      "Storage nodes",
      "Chain",
      "Cache and reads",
      "Disk and process",
    ]);
  });

  it("has rules and queries that promtool takes, where it is installed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-rules-"));
    try {
      const queries = panels()
        .flatMap(({ targets = [] }) => targets)
        .map(({ expr }, n) => ({
          record: `query:${n}`,
          expr: expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$(instance|operation)/g, ".*"),
        }));
      const path = join(folder, "queries.yaml");
      // JSON is YAML.
      writeFileSync(path, JSON.stringify({ groups: [{ name: "queries", rules: queries }] }));
      if (!(await promtool(join(root, "deploy/alerts.yaml")))) return;
      await promtool(path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
