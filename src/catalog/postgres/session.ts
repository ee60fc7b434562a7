import type { Kysely } from "kysely";
import type pg from "pg";
import type { Schema } from "../schema.js";
import { ConnectionLost, isStalePlan, sorted } from "./failures.js";
import type { StatementNames } from "./statement-names.js";
import { toBound } from "./value-types.js";

export interface Result {
  readonly command: string;
  readonly rowCount: number;
  readonly rows: unknown[];
}

/** A connection while it is borrowed from its pool. */
export class Session {
  /** Transactions on this connection; made at the first. */
  tx: Kysely<Schema> | undefined;
  private broken = false;
  private warned: string | undefined;
  private giveBack: ((broken: boolean) => void) | undefined;
  /** The beginning of a transaction, until the server has answered it. */
  private beginning: Promise<unknown> | undefined;
  /** Whether a commit may be sent before the statement in front of it is answered … */
  private mayEnd = false;
  /** … and is to be with the next one. */
  private ending = false;
  private committing: Promise<Result> | undefined;

  constructor(
    private readonly client: pg.Client,
    private readonly names: StatementNames,
    private readonly onChange: (rows: number) => void,
  ) {
    // The pool listens only while nobody has the connection. Whoever has it learns of the loss from its query.
    client.on("error", () => this.discard());
    client.on("notice", ({ code, message }) => {
      // Class 01 has the warnings. Other notices say nothing about what was done.
      if (code?.startsWith("01") === true) this.warned = message ?? code;
    });
  }

  /**
   * Rejects with a failure that has a SQLSTATE, or with ConnectionLost. Without values, several statements may stand in the text.
   * After `begin`, rejects with its failure, and then nothing is changed.
   */
  async run(text: string, values?: readonly unknown[], rowMode?: "array"): Promise<Result> {
    const send = () => {
      const result = this.send(text, values, rowMode, values === undefined ? undefined : this.names.of(text));
      if (this.ending) void this.sendCommit();
      return result;
    };
    const { beginning } = this;
    if (!beginning) return send();
    if (!text.startsWith("select")) {
      await beginning;
      return send();
    }
    // Outside of a transaction, if it should have none, a query changes nothing.
    const [result] = await Promise.all([send(), beginning]);
    return result;
  }

  /**
   * Begins a transaction. Its first query is sent without waiting for the answer: that saves a round trip of each. `mayEnd`:
   * so may its commit be (`endWithNext`).
   */
  begin(text: string, mayEnd: boolean): void {
    this.mayEnd = mayEnd;
    const { stream } = this.client.connection;
    // They go with one write where the query comes at once. What stands for a socket in tests may not be able to.
    if ("cork" in stream) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    const beginning = this.send(text, undefined, undefined);
    const ended = () => {
      if (this.beginning === beginning) this.beginning = undefined;
    };
    // Whoever runs something next is told of a failure: each transaction ends with a commit or a rollback.
    beginning.then(ended, () => undefined);
    this.beginning = beginning;
  }

  /** The commit is sent along with the next statement. False: it is not. */
  endWithNext(): boolean {
    return (this.ending = this.mayEnd);
  }

  /** Resolves with the server's answer. */
  async commit(): Promise<Result> {
    const committing = this.committing ?? this.sendCommit();
    this.committing = undefined;
    return committing;
  }

  /** Whether a commit was sent whose answer nobody has asked for. */
  get isCommitting(): boolean {
    return this.committing !== undefined;
  }

  /** Undoes the transaction, or what there is of it. Rejects where it was committed already. */
  async rollback(): Promise<void> {
    this.beginning = undefined;
    this.ending = false;
    const { committing } = this;
    this.committing = undefined;
    const ended = await committing?.catch(() => undefined);
    if (ended?.command === "COMMIT")
      throw new Error("a transaction was committed by a statement that was not its last");
    await this.send("rollback", undefined, undefined);
  }

  private sendCommit(): Promise<Result> {
    this.ending = false;
    // What counts is a warning of the commit's own.
    this.warned = undefined;
    this.committing = this.send("commit", undefined, undefined);
    this.committing.catch(() => undefined);
    return this.committing;
  }

  /** As `run`, outside of a transaction: a statement whose plan another program has made stale is planned anew. */
  async read(text: string, values: readonly unknown[], rowMode?: "array"): Promise<Result> {
    try {
      return await this.run(text, values, rowMode);
    } catch (error) {
      if (!isStalePlan(error)) throw error;
      return this.send(text, values, rowMode);
    }
  }

  private async send(
    text: string,
    values: readonly unknown[] | undefined,
    rowMode: "array" | undefined,
    name?: string,
  ): Promise<Result> {
    const query = { text, values: values?.map(toBound), name, rowMode } as pg.QueryArrayConfig;
    try {
      const { command, rowCount, rows } = await this.client.query(query);
      if (command !== "SELECT") this.onChange(rowCount ?? 0);
      return { command, rowCount: rowCount ?? 0, rows };
    } catch (thrown) {
      const error = sorted(thrown);
      if (error instanceof ConnectionLost || isStalePlan(error)) this.discard();
      throw error;
    }
  }

  /** The warning that came since the last call. */
  takeWarning(): string | undefined {
    const { warned } = this;
    this.warned = undefined;
    return warned;
  }

  /** The connection is closed when it is given back. */
  discard(): void {
    this.broken = true;
  }

  get isBroken(): boolean {
    return this.broken;
  }

  borrowed(giveBack: (broken: boolean) => void): this {
    this.giveBack = giveBack;
    return this;
  }

  release(): void {
    const { giveBack } = this;
    this.giveBack = undefined;
    giveBack?.(this.broken);
  }
}
