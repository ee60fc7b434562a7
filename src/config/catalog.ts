import { z } from "zod";
import { isLoopback } from "./loopback.js";
import { onePlace } from "./one-place.js";
import { wholeNumber } from "./quantity.js";

/** How far TLS goes: none; encrypted, whoever the server is; or encrypted, and the certificate is the host's. */
const tlsModes = ["disable", "require", "verify-full"] as const;

export interface DatabaseAddress {
  /** A host name or address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** By default PGUSER, or the user of the process. */
  readonly user?: string;
  readonly password?: string;
  readonly tls: (typeof tlsModes)[number];
}

const FORM = "write postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full";

/** Messages never repeat the URL: its password may be in it. */
const databaseUrl = z.string().transform((text, context): DatabaseAddress => {
  const fault = (message: string) => {
    context.addIssue(message);
    return z.NEVER;
  };
  if (!/^postgres(?:ql)?:\/\//i.test(text)) return fault(`must be the URL of a PostgreSQL database: ${FORM}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return fault(`not a URL: ${FORM}. Characters of the password such as @, / and # are written as %40, %2F and %23`);
  }
  let user: string, password: string, database: string;
  try {
    [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent) as [
      string,
      string,
      string,
    ];
  } catch {
    return fault("has a % that is not followed by two hexadecimal digits: a % itself is written as %25");
  }
  if (database === "" || database.includes("/")) return fault(`names no database: ${FORM}`);
  const { host = url.hostname.replace(/^\[(.*)\]$/, "$1"), sslmode, ...others } = Object.fromEntries(url.searchParams);
  const [other] = Object.keys(others);
  if (other !== undefined)
    return fault(`has the parameter ${other}: sslmode, and host for the folder of a socket, are known`);
  if (host === "") return fault(`names no host: ${FORM}`);
  const near = host.startsWith("/") || isLoopback(host);
  const tls = sslmode ?? (near ? "disable" : "require");
  if (!isTlsMode(tls)) return fault(`has a sslmode that is not known: it is one of ${tlsModes.join(", ")}`);
  return {
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    ...(user === "" ? {} : { user }),
    ...(password === "" ? {} : { password }),
    tls,
  };
});

function isTlsMode(text: string): text is DatabaseAddress["tls"] {
  return (tlsModes as readonly string[]).includes(text);
}

/** Where names, metadata and jobs are: docs/deployment.md, PostgreSQL. */
export const catalogSchema = z
  .strictObject({
    /**
     * PostgreSQL, which several gateways may share: `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`. Without it
     * the catalog is an SQLite file in `dataDir`.
     */
    url: databaseUrl.optional(),
    /** A file with the database's password, in place of the URL's. */
    passwordFile: z.string().min(1).optional(),
    /** File with the CA certificates, in PEM, that the server's must be signed by; by default those of Node.js. */
    caFile: z.string().min(1).optional(),
    /** Connections of this gateway to the database, at most; one more waits for announcements. */
    connections: wholeNumber({ min: 2, max: 1000 }).default(16),
    /** Seconds after which a statement is given up. */
    statementSeconds: wholeNumber({ min: 1, max: 3600 }).default(60),
  })
  .superRefine(({ url, passwordFile }, context) =>
    onePlace(["url", "passwordFile"], "optional")({ url: url?.password, passwordFile }, context),
  );

export type CatalogConfig = Readonly<z.output<typeof catalogSchema>>;
