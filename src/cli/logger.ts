import { pino, type Logger } from "pino";
import type { Config } from "../config/config.js";

/** JSON lines on standard error, so that standard output stays what a command prints for people. */
export function logger(level: Config["logLevel"]): Logger {
  return pino({ level, base: null }, pino.destination(2));
}

/** Warnings in plain words, for commands that a person runs and watches. */
export const plainLog = {
  warn: (_fields: object, message: string): void => console.error(`cess-s3: ${message}`),
};
