import pg from "pg";
import { DomainError } from "../../model/errors.js";
import { CatalogUnusable } from "../catalog-unusable.js";
import { sorted, translated } from "./failures.js";
import { prepareConnection, type ConnectionLimits } from "./connection.js";
import { Session } from "./session.js";
import type { StatementNames } from "./statement-names.js";
import { valueTypes } from "./value-types.js";

export interface SessionsSettings extends ConnectionLimits {
  /** Where the database is, and who asks; as pg takes it. */
  readonly connection: pg.PoolConfig;
  /** Connections, at most. */
  readonly connections: number;
  /** Callers that wait for a connection, at most. Beyond this they get DomainError `catalogBusy`. */
  readonly maxWaiting: number;
  /** How long one is waited for while all are in use, ms. */
  readonly waitMs: number;
  /** How long a connection may take to be made, ms. */
  readonly connectTimeoutMs: number;
  /** A connection that is not used for so long is closed, ms. */
  readonly idleMs: number;
}

/** A bounded pool of connections. One that failed is closed, and a new one made when it is needed: so it heals by itself. */
export class Sessions {
  private readonly pool: pg.Pool;
  private readonly sessions = new WeakMap<pg.ClientBase, Session>();

  constructor(
    private readonly names: StatementNames,
    private readonly settings: SessionsSettings,
    private readonly onChange: (rows: number) => void,
  ) {
    this.pool = new pg.Pool({
      ...settings.connection,
      Client: clientWithin(settings.connectTimeoutMs),
      types: valueTypes,
      max: settings.connections,
      connectionTimeoutMillis: settings.waitMs,
      idleTimeoutMillis: settings.idleMs,
      keepAlive: true,
      // Statements that are asked for at once are sent at once.
      pipeline: true,
      // A server that vanished answers nothing; the server's own timeout comes first where it is there.
      query_timeout: settings.statementTimeoutMs + settings.connectTimeoutMs,
      // The pool waits for it, which its types do not tell.
      onConnect: (client) => prepareConnection(client, settings) as unknown as undefined,
    });
    // The pool has removed the connection by then; whoever needs one next gets a new one.
    this.pool.on("error", () => undefined);
  }

  /** To be released. Rejects with a DomainError, `catalogBusy` or `dependencyUnavailable`. */
  async connect(): Promise<Session> {
    if (this.pool.waitingCount >= this.settings.maxWaiting)
      throw new DomainError({ kind: "catalogBusy" }, "Too many requests are waiting for the catalog.");
    try {
      const client = await this.pool.connect();
      let session = this.sessions.get(client);
      if (!session) {
        session = new Session(client, this.names, this.onChange);
        this.sessions.set(client, session);
      }
      return session.borrowed((broken) => client.release(broken));
    } catch (error) {
      if (error instanceof CatalogUnusable)
        throw new DomainError(
          { kind: "dependencyUnavailable" },
          "The catalog's database cannot be used at the moment.",
          { cause: error },
        );
      throw error instanceof DomainError ? error : translated(sorted(error));
    }
  }

  end(): Promise<void> {
    return this.pool.end();
  }
}

/** The pool's setting of the same name is for the wait. */
function clientWithin(connectTimeoutMs: number): new () => pg.ClientBase {
  class Limited extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      // The pool hides the password from copies.
      const { password } = config ?? {};
      super({ ...config, ...(password !== undefined && { password }), connectionTimeoutMillis: connectTimeoutMs });
    }
  }
  return Limited;
}
