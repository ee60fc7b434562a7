import type { ColumnDataType, ColumnDefinitionBuilder, Expression } from "kysely";

type DataType = ColumnDataType | Expression<unknown>;

/** What the migrations leave to the dialect. */
export interface ColumnTypes {
  /** Text that compares by its unsigned UTF-8 bytes (SQLite: BINARY, PostgreSQL: COLLATE "C"). */
  readonly key: DataType;
  readonly bytes: DataType;
  /** Whole numbers to 2^53. */
  readonly whole: DataType;
  /** A primary key the database counts up and never uses twice. */
  readonly counted: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
}
