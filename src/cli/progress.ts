import { stderr } from "node:process";

/** Between two lines, ms. */
const EVERY_MS = 200;

/** What a long command has done so far: one line on a terminal, which is overwritten. Elsewhere nothing. */
export class Progress {
  private lastAt = -Infinity;
  private shown = false;

  constructor(
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown } = stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  show(line: () => string): void {
    if (!this.out.isTTY || this.now() - this.lastAt < EVERY_MS) return;
    this.lastAt = this.now();
    this.shown = true;
    this.out.write(`\r\u001b[K${line()}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.shown) this.out.write("\r\u001b[K");
    this.shown = false;
  }
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `1.5 GiB`. */
export function readableBytes(count: number): string {
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}
