import type pg from "pg";
import { DomainError } from "../../model/errors.js";
import { CatalogUnusable } from "../catalog-unusable.js";

export interface ConnectionLimits {
  /** A statement that takes longer is given up, ms. */
  readonly statementTimeoutMs: number;
  /**
   * A transaction in which nothing is asked for so long is undone by the server, ms: a gateway that stands still must not
   * hold the catalog's lock.
   */
  readonly idleInTransactionMs: number;
  /** Where the tables are; by default in the first of the user's `search_path`. */
  readonly schema?: string | undefined;
}

interface ServerState {
  readonly recovering: boolean;
  readonly encoding: string;
  readonly synchronous: string;
  readonly fsync: string;
}

/** Values of synchronous_commit with which a commit that resolved is on the disk, and on the standby where there is one. */
const DURABLE = new Set(["on", "remote_apply"]);

/**
 * Checks and sets up each new connection: after a failover it may lead to another server. Rejects with CatalogUnusable
 * where the server would lose what it has confirmed, and with DomainError `dependencyUnavailable` where it only reads: its
 * answers may be old.
 */
export async function prepareConnection(client: pg.ClientBase, limits: ConnectionLimits): Promise<void> {
  const { statementTimeoutMs, idleInTransactionMs, schema } = limits;
  const { rows } = await client.query<ServerState>({
    text: `select pg_is_in_recovery() as recovering,
      current_setting('server_encoding') as encoding,
      current_setting('synchronous_commit') as synchronous,
      current_setting('fsync') as fsync,
      set_config('client_encoding', 'UTF8', false),
      set_config('statement_timeout', $1, false),
      set_config('idle_in_transaction_session_timeout', $2, false),
      set_config('search_path', coalesce($3, current_setting('search_path')), false)`,
    values: [String(statementTimeoutMs), String(idleInTransactionMs), schema === undefined ? null : `"${schema}"`],
  });
  const [state] = rows;
  if (!state) throw new Error("the database says nothing of itself");
  if (state.encoding !== "UTF8")
    throw new CatalogUnusable(
      `the catalog's database has the encoding ${state.encoding}, in which not every object key can be stored. Create it ` +
        "with encoding UTF8: createdb --template=template0 --encoding=UTF8 --locale=C",
    );
  if (!DURABLE.has(state.synchronous))
    throw new CatalogUnusable(
      `the catalog's database has synchronous_commit = ${state.synchronous}: it would confirm what a crash or a failover ` +
        "loses. Set it to on, for the server, or by alter role … set synchronous_commit = on",
    );
  if (state.fsync !== "on")
    throw new CatalogUnusable(
      "the catalog's database runs with fsync = off: a power cut would destroy it. Set fsync = on and start it again",
    );
  if (state.recovering)
    throw new DomainError(
      { kind: "dependencyUnavailable" },
      "The catalog's database is a standby that only reads; the gateway waits for one that can be written.",
    );
}
