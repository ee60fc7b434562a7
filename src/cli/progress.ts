/** Between two writes, ms. */
const EVERY_MS = 200;

/**
 * Shows how far a long command is, on one line of standard error, where that is a terminal: what a command prints stays
 * as it is. `end` clears the line.
 */
export class ProgressLine {
  private written = 0;
  private shown = false;

  constructor(
    private readonly what: string,
    private readonly stream: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
    private readonly now: () => number = Date.now,
  ) {}

  /** `done` of `total`, in any unit. */
  show(done: number, total: number): void {
    if (this.stream.isTTY !== true || this.now() - this.written < EVERY_MS) return;
    this.written = this.now();
    this.shown = true;
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    this.stream.write(`\r\u001b[K${this.what}: ${percent} %`);
  }

  end(): void {
    if (this.shown) this.stream.write("\r\u001b[K");
    this.shown = false;
  }
}
