import type { DataSource } from 'typeorm';

/** The four kinds of database behind the store. */
export type Engine = 'sqlite' | 'mysql' | 'mariadb' | 'postgres';

/** The engine a data source was opened for. */
export function engineOf(source: DataSource): Engine {
  const { type } = source.options;
  switch (type) {
    case 'better-sqlite3':
      return 'sqlite';
    case 'mysql':
    case 'mariadb':
    case 'postgres':
      return type;
    default:
      throw new Error(`no store for ${type}`);
  }
}
