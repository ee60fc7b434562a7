/** The part of a pino logger that is used here. */
export interface Logger {
  error(details: object, message: string): void;
  info(details: object, message: string): void;
}

export const silentLogger: Logger = { error: () => undefined, info: () => undefined };
