import type { DataSource } from 'typeorm';
import type { Engine } from './engine.ts';
import { mariadb } from './mariadb.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';

/** The kinds of database behind the store. */
export const ENGINES: readonly Engine[] = [sqlite, mysql, mariadb, postgres];

/** The engine that a data source was opened for. */
export function engineOf(source: DataSource): Engine {
  const engine = ENGINES.find(({ driver }) => driver === source.options.type);
  if (engine === undefined) throw new Error(`no store for ${source.options.type}`);
  return engine;
}
