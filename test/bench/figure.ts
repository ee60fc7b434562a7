/** One measured thing beside what it is measured against, both from the same run on the same machine. */
export interface Figure {
  readonly what: string;
  readonly ours: Quantity;
  /** What the ratio is to: another program, the same work without ours around it, or a limit. */
  readonly reference: Quantity & { readonly what: string };
  /** What the project asks of `ours` divided by `reference`. */
  readonly wanted?: { readonly atLeast: number } | { readonly atMost: number };
}

export interface Quantity {
  readonly value: number;
  readonly unit: string;
}

export interface BenchOptions {
  /** How many objects the bench `stored` stores; `packs` stores 200 small ones for each, `journal` 1,000, `mixed` runs 6 s for each. */
  readonly objects: number;
}

/** Measures and cleans up after itself. */
export type Bench = (options: BenchOptions) => Promise<Figure[]>;

export function ratio({ ours, reference }: Figure): number {
  return ours.value / reference.value;
}

/** Undefined where nothing is asked. */
export function met(figure: Figure): boolean | undefined {
  const { wanted } = figure;
  if (!wanted) return undefined;
  return "atLeast" in wanted ? ratio(figure) >= wanted.atLeast : ratio(figure) <= wanted.atMost;
}

const HEADINGS = ["what", "ours", "against", "ratio", "wanted", "met"];

function cells(figures: readonly Figure[]): string[][] {
  return figures.map((figure) => [
    figure.what,
    quantity(figure.ours),
    `${figure.reference.what} ${quantity(figure.reference)}`,
    ratio(figure).toFixed(2),
    wanted(figure),
    { true: "yes", false: "NO", undefined: "" }[String(met(figure))] ?? "",
  ]);
}

/** The figures as a table of Markdown. */
export function markdown(figures: readonly Figure[]): string {
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(HEADINGS), line(HEADINGS.map(() => "---")), ...cells(figures).map(line)].join("\n");
}

/** The figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const lines = [HEADINGS, ...cells(figures)];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function quantity({ value, unit }: Quantity): string {
  return `${value >= 100 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(3))} ${unit}`;
}

function wanted({ wanted: asked }: Figure): string {
  if (!asked) return "";
  return "atLeast" in asked ? `≥ ${asked.atLeast}` : `≤ ${asked.atMost}`;
}
