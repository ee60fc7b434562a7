import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";
import type { Config } from "../../config/config.js";
import { withoutNoise } from "./log-noise.js";
import { prettyLine } from "./pretty-line.js";

/** Longest time that a line of a request waits to be written, ms … */
const FLUSH_MS = 250;
/** … and how many bytes of lines are written together. */
const WRITE_BYTES = 8 * 1024;
/** Lines that wait while whoever reads them is slow, in bytes. Further ones are dropped and counted. */
const WAITING_BYTES = 4 * 1024 * 1024;
/** pino's number for `warn`. */
const WARN = 40;

/** A level that is shown by its name, and the time in ISO 8601. */
const OPTIONS: LoggerOptions = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
};

/** The program's log. */
export interface ProgramLog {
  readonly log: Logger;
  /** Lines that were dropped because nobody read them in time, since the start. */
  readonly dropped: () => number;
}

/**
 * On standard error, so that standard output stays what a command prints for people. `auto`: for people where that is a
 * terminal, else one JSON object a line.
 */
export function openLog(
  { logLevel: level, logFormat }: Pick<Config, "logLevel" | "logFormat">,
  pieces: Pieces = { minLength: WRITE_BYTES },
): ProgramLog {
  const pretty = logFormat === "pretty" || (logFormat === "auto" && process.stderr.isTTY);
  if (!pretty) return jsonLog(level, pieces);
  const write = (line: string) => void process.stderr.write(prettyLine(line, process.stderr.isTTY));
  return { log: pino({ ...OPTIONS, ...withoutNoise(), level }, { write }), dropped: () => 0 };
}

/** How many characters of lines are written together, at least and at most. */
interface Pieces {
  readonly minLength: number;
  readonly maxWrite?: number;
}

/**
 * Several processes write to one pipe, which keeps writes of up to 4 KiB whole. A write has whole lines, and so many
 * characters at most; those that take several bytes are few: a key has 1024 bytes at most.
 */
const SHARED_PIECES: Pieces = { minLength: 1_536, maxWrite: 2_048 };

/** The log of one of several processes. */
export function openProcessLog(config: Pick<Config, "logLevel" | "logFormat">): ProgramLog {
  return openLog(config, SHARED_PIECES);
}

/**
 * Lines wait for each other and are written without holding up the process, since there is one for each request. From
 * `warn` on they are written at once; the rest is written at the end.
 */
function jsonLog(level: Config["logLevel"], pieces: Pieces): ProgramLog {
  let dropped = 0;
  const destination = pino.destination({
    dest: 2,
    sync: false,
    ...pieces,
    maxLength: WAITING_BYTES,
    periodicFlush: FLUSH_MS,
  });
  destination.on("drop", () => dropped++);
  // Without a listener an error, such as that of a pipe whose reader is gone, would end the process.
  destination.on("error", () => undefined);
  process.on("exit", () => {
    try {
      destination.flushSync();
    } catch {
      // Nobody reads it any more.
    }
  });
  const stream: DestinationStream & { lastLevel: number } = {
    // pino then sets `lastLevel` before each line.
    [Symbol.for("pino.metadata")]: true,
    lastLevel: 0,
    write(line: string) {
      destination.write(line);
      if (this.lastLevel >= WARN) destination.flush();
    },
  };
  return { log: pino({ ...OPTIONS, ...withoutNoise(), level }, stream), dropped: () => dropped };
}

/** Warnings in plain words, for commands that a person runs and watches. */
export const plainLog = {
  warn: (_fields: object, message: string): void => console.error(`cess-s3: ${message}`),
};
