/** What an entity and a migration say alike about a column. */
export type ColumnType = {
  type: 'varchar' | 'text' | 'longtext' | 'bigint' | 'smallint' | 'int' | 'integer' | 'boolean';
  length?: string;
  charset?: string;
  collation?: string;
};

/** The column types of one engine. */
export type ColumnTypes = {
  /** Text of at most `length` characters, fit for an index. */
  name(length: number): ColumnType;
  /** Text without a practical limit. */
  text: ColumnType;
  /** A whole number below 2^53; times are milliseconds since 1970. */
  big: ColumnType;
  int: ColumnType;
  small: ColumnType;
  flag: ColumnType;
};

/** What differs between engines. */
type Differences = {
  text: 'text' | 'longtext';
  int: 'int' | 'integer';
  /** Text compares by its bytes everywhere: ids and names differ by case, and pages come in one order on all engines. */
  bytewise: { charset?: string; collation?: string };
};

/** The column types of an engine. */
export function columnTypes({ text, int, bytewise }: Differences): ColumnTypes {
  return {
    name: (length) => ({ type: 'varchar', length: String(length), ...bytewise }),
    text: { type: text, ...bytewise },
    big: { type: 'bigint' },
    int: { type: int },
    small: { type: 'smallint' },
    flag: { type: 'boolean' },
  };
}
