import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import type { Spec } from "./cess-types.js";
import type { Changes, State } from "./state.js";

/** Blocks whose state can still be read at their hash. */
export const STATE_BLOCKS = 256;

export interface StoredBlock {
  readonly number: number;
  readonly hash: string;
  readonly header: Uint8Array;
  readonly extrinsics: Uint8Array;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), spec INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS block (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, header BLOB NOT NULL, extrinsics BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS state (
    key TEXT NOT NULL, block INTEGER NOT NULL, value BLOB, PRIMARY KEY (key, block)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS state_by_block ON state (block, key);
`;

/** The folder belongs to a chain of another spec, whose state has other shapes. */
export class WrongSpec extends Error {
  constructor(folder: string, found: number, wanted: Spec) {
    super(
      `${folder} holds a dev chain of spec ${found}, not ${wanted}: choose another folder, or remove this one to start a new chain`,
    );
    this.name = "WrongSpec";
  }
}

/**
 * Blocks and state on disk. Each value is kept with the block that wrote it, so the state of any recent block can be
 * queried. Versions that no readable block needs are removed with each new block. One block is one transaction.
 */
export class ChainStore {
  private readonly db: Database.Database;
  private readonly statements;

  constructor(folder: string, spec: Spec) {
    mkdirSync(folder, { recursive: true });
    this.db = new Database(join(folder, "dev-chain.sqlite"));
    this.db.exec("PRAGMA journal_mode = WAL");
    this.db.exec("PRAGMA synchronous = FULL");
    this.db.exec(SCHEMA);
    this.statements = prepare(this.db);
    const found = this.db.prepare("SELECT spec FROM identity").get() as { spec: number } | undefined;
    if (found !== undefined && found.spec !== spec) {
      this.db.close();
      throw new WrongSpec(folder, found.spec, spec);
    }
    if (found === undefined) this.db.prepare("INSERT INTO identity (one, spec) VALUES (1, ?)").run(spec);
  }

  /** The newest block; undefined before genesis. */
  best(): StoredBlock | undefined {
    return blockOf(this.statements.best.get());
  }

  byNumber(number: number): StoredBlock | undefined {
    return blockOf(this.statements.byNumber.get(number));
  }

  byHash(hash: string): StoredBlock | undefined {
    return blockOf(this.statements.byHash.get(hash));
  }

  /** Adds a block and what it changed, all or nothing, and forgets the state that is now too old to be asked for. */
  commit(block: StoredBlock, changes: Changes): void {
    const { insertBlock, insertState, prune, pruneDeleted } = this.statements;
    this.db.transaction(() => {
      insertBlock.run(block.number, block.hash, block.header, block.extrinsics);
      for (const [key, value] of changes) insertState.run(key, block.number, value ?? null);
      const oldest = block.number - STATE_BLOCKS + 1;
      prune.run(oldest, oldest);
      pruneDeleted.run(oldest);
    })();
  }

  /** The state after block `number`, which must be one of the last STATE_BLOCKS. */
  stateAt(number: number): State {
    const { value, keys } = this.statements;
    return {
      get: (key) => {
        const row = value.get(key, number) as { value: Uint8Array | null } | undefined;
        return row?.value ?? undefined;
      },
      keys: (prefix, limit, after = "") => {
        const from = after > prefix ? after : prefix;
        // "g" comes after every hex digit, so this is the first text beyond the prefix.
        const rows = keys.all(number, from, `${prefix}g`, number, after, limit) as { key: string }[];
        return rows.map(({ key }) => key);
      },
    };
  }

  /** The keys that block `number` wrote. */
  changedIn(number: number): string[] {
    return (this.statements.changed.all(number) as { key: string }[]).map(({ key }) => key);
  }

  close(): void {
    // The prepared statements keep the connection until they are collected, so its log may be there for a while. From
    // here on, the database's file alone has everything.
    this.db.pragma("wal_checkpoint(TRUNCATE)");
    this.db.close();
  }
}

function prepare(db: Database.Database) {
  const block = "SELECT number, hash, header, extrinsics FROM block";
  return {
    best: db.prepare(`${block} ORDER BY number DESC LIMIT 1`),
    byNumber: db.prepare(`${block} WHERE number = ?`),
    byHash: db.prepare(`${block} WHERE hash = ?`),
    insertBlock: db.prepare("INSERT INTO block (number, hash, header, extrinsics) VALUES (?, ?, ?, ?)"),
    insertState: db.prepare("INSERT INTO state (key, block, value) VALUES (?, ?, ?)"),
    value: db.prepare("SELECT value FROM state WHERE key = ? AND block <= ? ORDER BY block DESC LIMIT 1"),
    keys: db.prepare(`
      SELECT key FROM state AS s
      WHERE block = (SELECT max(block) FROM state WHERE key = s.key AND block <= ?)
        AND key >= ? AND key < ? AND block <= ? AND value IS NOT NULL AND key > ?
      ORDER BY key LIMIT ?`),
    changed: db.prepare("SELECT key FROM state WHERE block = ?"),
    // What the oldest readable block wrote makes every earlier version of those keys unreachable.
    prune: db.prepare(`
      DELETE FROM state WHERE (key, block) IN (
        SELECT old.key, old.block FROM state AS new JOIN state AS old ON old.key = new.key AND old.block < new.block
        WHERE new.block = ?) AND block < ?`),
    pruneDeleted: db.prepare("DELETE FROM state WHERE block = ? AND value IS NULL"),
  };
}

function blockOf(row: unknown): StoredBlock | undefined {
  if (row === undefined || row === null) return undefined;
  const { number, hash, header, extrinsics } = row as StoredBlock;
  return { number, hash, header: Uint8Array.from(header), extrinsics: Uint8Array.from(extrinsics) };
}
