import { type QueryRunner, Table, type TableColumnOptions } from 'typeorm';
import type { ColumnType, ColumnTypes } from './columns.ts';
import { engineOf } from './registry.ts';

/** A table as a migration creates it. */
export type NewTable = {
  name: string;
  primary: string[];
  columns: (types: ColumnTypes) => Record<string, ColumnType>;
  nullable?: string[];
  indexes?: Record<string, string[]>;
};

/**
 * Creates a table with its indexes unless it exists: where DDL is not transactional (MySQL, MariaDB) a migration that was
 * killed before it was recorded runs again. There the whole table is one statement.
 */
export async function createTable(runner: QueryRunner, table: NewTable): Promise<void> {
  const columns = Object.entries(table.columns(engineOf(runner.dataSource).columns)).map(
    ([name, type]): TableColumnOptions => ({
      name,
      ...type,
      isPrimary: table.primary.includes(name),
      isNullable: table.nullable?.includes(name) ?? false,
    }),
  );
  const indices = Object.entries(table.indexes ?? {}).map(([name, columnNames]) => ({ name, columnNames }));
  await runner.createTable(new Table({ name: table.name, columns, indices }), true);
}
