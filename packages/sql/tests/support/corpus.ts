import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';

/** A statement of the corpus, and what is known of it. */
type CorpusStatement = {
  /** The file it stands in, without its ending. */
  file: string;
  sql: string;
  kind: string;
  statementClass: string;
  /** Undefined where they are unknown. */
  tables: readonly string[] | undefined;
  /** Schemas and catalogs that are no table's. */
  others: readonly string[];
};

const folder = join(import.meta.dirname, '../corpus');

const prepared: Readonly<Record<string, string>> = {
  in_header: 'SELECT * FROM nation, region',
  with_values: 'SELECT * FROM nation WHERE nationkey = ? AND name = ?',
  'Quoted Name': 'DELETE FROM memory.default.t WHERE a = ? OR a IN (SELECT nationkey FROM nation WHERE name = ?)',
  packed: `$zstd:${zstdCompressSync('SELECT * FROM region WHERE regionkey = 1').toString('base64url')}`,
};

/** Of the session in which the statements of the corpus run. */
export const corpusHeaders: readonly string[] = [
  ...['X-Trino-Catalog', 'tpch', 'X-Trino-Schema', 'tiny'],
  ...Object.entries(prepared).flatMap(([name, sql]) => [
    'X-Trino-Prepared-Statement',
    `${encodeURIComponent(name)}=${encodeURIComponent(sql)}`,
  ]),
];

/**
 * Every statement of the corpus. Statements stand apart by an empty line; before each a comment says
 * `-- KIND Class: table, table | schema or catalog, …`, or `-- KIND Class: unknown`. `none` is a class that is not told.
 */
export function corpus(): CorpusStatement[] {
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .trimEnd()
      .split('\n\n')
      .map((text) => corpusStatement(name.replace('.sql', ''), text)),
  );
}

function corpusStatement(file: string, text: string): CorpusStatement {
  const end = text.indexOf('\n');
  const found = /^-- (\w+) (\w+):(?: (.*))?$/.exec(text.slice(0, end));
  if (found === null) throw new Error(`${file}.sql: no expectation before ${text}`);
  const [, kind = '', statementClass = '', names = ''] = found;
  const [tables = '', others = ''] = ` ${names}`.split(' | ').map((part) => part.trim());
  const list = (items: string) => items.split(', ').filter((item) => item !== '');
  return {
    file,
    sql: text.slice(end + 1),
    kind,
    statementClass: statementClass === 'none' ? '' : statementClass,
    tables: names === 'unknown' ? undefined : list(tables),
    others: list(others),
  };
}
