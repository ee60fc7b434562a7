import { LRUCache } from "lru-cache";
import { pino, type LoggerOptions } from "pino";
import { DomainError } from "../../model/errors.js";
import { ChainUnavailable } from "../../network/chain/chain.js";

/** A warning of one kind is written once in so long, ms. */
const QUIET_MS = 60_000;
/** Kinds that are remembered. */
const KINDS = 1_000;

interface Kind {
  /** When it was written last, ms since 1970. */
  readonly at: number;
  /** How many were not written since. */
  unwritten: number;
}

/**
 * Decides which warnings are written. Those of one kind, with the same message for the same reason, are written once a
 * minute, however many jobs, workers' steps or files they are about; the next one says in `repeated` how many there were
 * between. A request's are always written: its client may ask for them by `requestId`.
 */
export class LogNoise {
  private readonly kinds = new LRUCache<string, Kind>({ max: KINDS });

  constructor(private readonly now: () => number = Date.now) {}

  /** The fields to write; undefined when nothing is to be written. */
  heard(fields: Readonly<Record<string, unknown>>, message: string): object | undefined {
    if ("requestId" in fields) return fields;
    const kind = `${message}\n${reasonOf(fields)}`;
    const known = this.kinds.get(kind);
    const now = this.now();
    if (known && Math.abs(now - known.at) < QUIET_MS) {
      known.unwritten++;
      return undefined;
    }
    this.kinds.set(kind, { at: now, unwritten: 0 });
    return known && known.unwritten > 0 ? { ...fields, repeated: known.unwritten } : fields;
  }
}

function reasonOf(fields: Readonly<Record<string, unknown>>): string {
  const { err, reason, worker } = fields;
  if (err instanceof Error) return `${String(worker)} ${err.name}: ${err.message}`;
  return typeof reason === "string" ? reason : JSON.stringify(fields);
}

const SYSTEM_TROUBLE: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE"]);

/** pino's number for `warn`. */
const WARN = 40;

/** Warnings and errors of one kind once a minute, and without stacks where these tell nothing. */
export function withoutNoise(noise = new LogNoise()): Pick<LoggerOptions, "hooks" | "serializers"> {
  return {
    serializers: { err: loggedError },
    hooks: {
      logMethod(args, write, level) {
        const [fields, message] = args as unknown[];
        if (level < WARN || typeof fields !== "object" || fields === null) {
          write.apply(this, args);
          return;
        }
        const heard = noise.heard(fields as Record<string, unknown>, String(message));
        if (heard !== undefined) write.apply(this, [heard, message] as unknown as typeof args);
      },
    },
  };
}

/** An error for the log. One whose cause is not in the program is told without its stack. */
export function loggedError(error: unknown): object {
  if (!(error instanceof Error)) return pino.stdSerializers.err(error as Error);
  const { code } = error as NodeJS.ErrnoException;
  if (!(error instanceof DomainError || error instanceof ChainUnavailable || SYSTEM_TROUBLE.has(code)))
    return pino.stdSerializers.err(error);
  const cause = error.cause instanceof Error ? { cause: error.cause.message } : {};
  return { type: error.name, message: error.message, ...(code === undefined ? {} : { code }), ...cause };
}
