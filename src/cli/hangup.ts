/**
 * SIGHUP, which would end the process. One that comes before there is something to reload is answered when there is;
 * several that come during a reload, by one more.
 */
export class Hangup {
  private pending = false;
  private running = false;
  private reload: (() => Promise<void>) | undefined;

  constructor() {
    process.on("SIGHUP", () => {
      this.pending = true;
      void this.run();
    });
  }

  /** `reload` must not reject. */
  reloads(reload: () => Promise<void>): void {
    this.reload = reload;
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.running || !this.reload) return;
    this.running = true;
    while (this.pending) {
      this.pending = false;
      await this.reload();
    }
    this.running = false;
  }
}
