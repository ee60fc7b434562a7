import type pg from "pg";
import { CatalogUnusable } from "../catalog-unusable.js";
import { DomainError } from "../../model/errors.js";

/** What to do about answers of a server that lets nobody in, by their SQLSTATE. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^28/, "is the password right (catalog.url, catalog.passwordFile), and does pg_hba.conf let this machine in?"],
  [/^3D000/, "create it: createdb --template=template0 --encoding=UTF8 --locale=C"],
  [/^53300/, "it has too few connections for all gateways: raise max_connections, or lower catalog.connections"],
  [/^42501/, "the user must own the schema in which the tables are to be"],
];

/** Why a catalog cannot be opened, as operators read it: a failure of the database, or of its set-up. */
export function openFailure(error: unknown, connection: pg.PoolConfig): unknown {
  const causes = chain(error);
  const unusable = causes.find((each) => each instanceof CatalogUnusable);
  if (unusable) return unusable;
  const last = causes.at(-1);
  if (!(causes[0] instanceof DomainError) && !("code" in (last ?? {}))) return error;
  const code = (last as { readonly code?: unknown }).code;
  const [, remedy] = REMEDIES.find(([state]) => state.test(String(code))) ?? [];
  return new CatalogUnusable(
    `the catalog's database ${place(connection)} cannot be used: ${wordsOf(last)}${remedy === undefined ? "" : `. ${remedy}`}`,
    { cause: error },
  );
}

function chain(error: unknown): Error[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : [];
}

/** Node.js gives the reasons of each of a name's addresses, and no message. */
function wordsOf(error: Error | undefined): string {
  if (error instanceof AggregateError)
    return [...new Set(error.errors.map((each) => wordsOf(each as Error)))].join(", ");
  return error?.message ?? "nothing is known of the reason";
}

/** Never the password. */
function place({ user, host, port, database }: pg.PoolConfig): string {
  return `${database ?? ""} at ${host ?? "this machine"}:${port ?? 5432}${user === undefined ? "" : ` as ${user}`}`;
}
