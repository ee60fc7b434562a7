/** A storage node's logger; pino's fit. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined };
