/** What a command runs until it is told to stop. */
export interface Running {
  /** Stops accepting, finishes what runs, ends within its own deadline. */
  close(): Promise<void>;
}

/** Longest shutdown, ms. What is not done by then is resumed at the next start. */
const DEADLINE_MS = 9_500;

/**
 * Ends the process on SIGINT or SIGTERM: code 0 after an orderly close, 1 when it failed or took too long. A second
 * signal ends it at once.
 */
export function closeOnSignals(running: Running): void {
  let closing = false;
  const close = () => {
    if (closing) process.exit(1);
    closing = true;
    setTimeout(() => process.exit(1), DEADLINE_MS).unref();
    running.close().then(
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
