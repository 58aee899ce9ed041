import type { ValueTransformer } from 'typeorm';
import type { Engine } from './engine.ts';

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

/** Text compares by its bytes everywhere: ids and names differ by case, and pages come in one order on all engines. */
export function columnTypes(engine: Engine): ColumnTypes {
  const mysql = engine === 'mysql' || engine === 'mariadb';
  const bytewise = mysql
    ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' }
    : engine === 'postgres'
      ? { collation: 'C' }
      : {};
  return {
    name: (length) => ({ type: 'varchar', length: String(length), ...bytewise }),
    text: { type: mysql ? 'longtext' : 'text', ...bytewise },
    big: { type: 'bigint' },
    int: { type: mysql ? 'int' : 'integer' },
    small: { type: 'smallint' },
    flag: { type: 'boolean' },
  };
}

/** Servers' drivers answer bigint as text; in rows it is a number. */
export const asNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value === null || value === undefined ? null : Number(value)),
};
