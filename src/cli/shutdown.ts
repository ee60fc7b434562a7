export interface CloseOptions {
  /** Ends without waiting for load balancers to notice: a person is waiting at a terminal. */
  readonly atOnce: boolean;
}

/** What a command runs until it is told to stop. */
export interface Running {
  /** Stops accepting, finishes what runs, ends within its own deadline. */
  close(options: CloseOptions): Promise<void>;
}

/** How long closing may take unless told otherwise, ms. What is not done by then is resumed at the next start. */
const DEADLINE_MS = 9_500;

/**
 * Ends the process on SIGINT or SIGTERM: code 0 after an orderly close, 1 when it failed or took longer than
 * `deadlineMs`. A second signal ends it at once.
 */
export function closeOnSignals(running: Running, deadlineMs: number = DEADLINE_MS): void {
  let closing = false;
  const close = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    closing = true;
    setTimeout(() => process.exit(1), deadlineMs).unref();
    running.close({ atOnce: signal === "SIGINT" }).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", close);
  process.on("SIGTERM", close);
}
