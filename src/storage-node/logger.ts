/** Where a storage node tells what it does; pino's loggers are ones. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined };
