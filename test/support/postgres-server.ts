import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePort } from "./reserved-port.js";
import { ServerProcess } from "./server-process.js";

const DEBIAN = "/usr/lib/postgresql";
const [USER, PASSWORD] = ["cess", "a password: 1/2"];

/** A PostgreSQL of the machine, on a data folder of its own and a port of 127.0.0.1. It syncs, as a real one. */
export class PostgresServer {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly server: ServerProcess,
    private readonly run: (program: string, args: readonly string[]) => string,
  ) {}

  /** On a folder of its own in `parent`, which `remove` removes. */
  static async start(parent = tmpdir()): Promise<PostgresServer> {
    const port = await reservePort();
    const folder = mkdtempSync(join(parent, "cess-s3-postgres-"));
    const owner = unprivileged(folder);
    const data = join(folder, "postgres");
    const secret = join(folder, "postgres-password");
    writeFileSync(secret, PASSWORD);
    const run = (program: string, args: readonly string[]) =>
      execFileSync(programOf(program), args, {
        ...owner,
        encoding: "utf8",
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, PGPASSWORD: PASSWORD },
      });
    run("initdb", ["-D", data, "-U", USER, "-E", "UTF8", "--locale=C", "--auth=scram-sha-256", `--pwfile=${secret}`]);
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"];
    const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
    const server = new ServerProcess(programOf("postgres"), args, {
      ...owner,
      cwd: folder,
      isReady: () => isReady(run, port),
    });
    return new PostgresServer(port, folder, await server.start(), run);
  }

  /** The URL of a database; by way of another port where a relay is between. */
  url(database: string, port = this.port): string {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  }

  createDatabase(database: string): string {
    this.run("createdb", ["-h", "127.0.0.1", "-p", String(this.port), "-U", USER, database]);
    return this.url(database);
  }

  query(database: string, sql: string): string {
    const to = ["-h", "127.0.0.1", "-p", String(this.port), "-U", USER, "-d", database];
    return this.run("psql", [...to, "-v", "ON_ERROR_STOP=1", "-X", "-A", "-t", "-c", sql]).trim();
  }

  /** SIGINT: connections are ended. SIGQUIT: as by a power cut. */
  async end(signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    await this.server.end(signal);
  }

  async startAgain(): Promise<void> {
    await this.server.start();
  }

  async remove(): Promise<void> {
    await this.end("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Debian keeps the programs of each version apart; the newest counts. */
function programOf(name: string): string {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return versions[0] === undefined ? name : join(DEBIAN, versions[0], "bin", name);
  } catch {
    return name;
  }
}

/** PostgreSQL does not run as root. */
function unprivileged(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  const owner = { uid: idOf("-u"), gid: idOf("-g") };
  chownSync(folder, owner.uid, owner.gid);
  return owner;
}

async function isReady(run: (program: string, args: readonly string[]) => string, port: number): Promise<boolean> {
  try {
    run("pg_isready", ["-h", "127.0.0.1", "-p", String(port), "-q"]);
    return true;
  } catch {
    return Promise.resolve(false);
  }
}
