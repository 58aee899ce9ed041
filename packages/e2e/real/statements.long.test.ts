import { beforeAll, expect, test } from '@jest/globals';
import { analyseStatement } from '@trino-gateway/sql';
import { corpus, corpusHeaders } from '@trino-gateway/sql/corpus';
import { literalSelect } from '@trino-gateway/sql/literal-select';
import { exchange } from '@trino-gateway/testing/trino-client/exchange';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { literalPage } from '@trino-gateway/trino';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// What a real cluster says that a statement is, and which tables it found in it: it runs the statements of the corpus.
const AT_ONCE = 6;
const OF_EACH_CLASS = 2;
const READ_OR_WRITE = new Set(['SELECT', 'INSERT', 'DELETE', 'UPDATE', 'MERGE']);

type TableOfQuery = { catalog: string; schema: string; table: string; directlyReferenced: boolean };
type QueryInfo = {
  queryType?: string;
  referencedTables?: TableOfQuery[];
  output?: { catalogName: string; schema: string; table: string };
};

let trino: SharedCluster;

beforeAll(async () => {
  trino = await sharedCluster('accepting');
  await runQuery(trino.url, 'CREATE TABLE IF NOT EXISTS memory.default.t (a bigint, b varchar)');
}, 600_000);

/** Of the corpus: repeated headers as one line. */
function headers(): Record<string, string> {
  const found: Record<string, string> = { 'X-Trino-Transaction-Id': 'NONE' };
  for (let at = 0; at < corpusHeaders.length; at += 2) {
    const [name = '', value = ''] = corpusHeaders.slice(at, at + 2);
    found[name] = found[name] === undefined ? value : `${found[name]},${value}`;
  }
  return found;
}

/** Two of each class, and all that read or write tables. */
function statements(): string[] {
  const seen = new Map<string, number>();
  return corpus()
    .filter(({ file, kind, statementClass }) => {
      const before = seen.get(statementClass) ?? 0;
      if (file === 'later' || (before >= OF_EACH_CLASS && !READ_OR_WRITE.has(kind))) return false;
      seen.set(statementClass, before + 1);
      return true;
    })
    .map(({ sql }) => sql);
}

/** What the cluster and the analyser make of a statement, the tables only where the cluster ran it. */
async function verdicts(sql: string): Promise<{ theirs: object; ours: object }> {
  const { id, error } = await runQuery(trino.url, sql, { headers: headers() });
  const path = new URL(`/v1/query/${id}?pruned=true`, trino.url);
  const answer = await exchange(path, { method: 'GET', headers: { 'x-trino-user': 'e2e' } });
  const { queryType = 'UNKNOWN', referencedTables = [], output } = JSON.parse(answer.body) as QueryInfo;
  const { kind, tables } = analyseStatement(sql, corpusHeaders);
  const isSyntaxError = error?.errorName === 'SYNTAX_ERROR';
  if (error !== undefined || !READ_OR_WRITE.has(kind))
    return { theirs: { sql, kind: queryType, isSyntaxError }, ours: { sql, kind, isSyntaxError: false } };
  const read = referencedTables
    .filter(({ directlyReferenced }) => directlyReferenced)
    .map(({ catalog, schema, table }) => `${catalog}.${schema}.${table}`);
  const written = output === undefined ? [] : [`${output.catalogName}.${output.schema}.${output.table}`];
  return {
    theirs: { sql, kind: queryType, tables: [...new Set([...read, ...written])].sort() },
    ours: { sql, kind, tables: [...tables].sort() },
  };
}

test('case 109: a real cluster names the kinds of statements alike, and finds the same tables in them', async () => {
  const left = statements();
  expect(left.length).toBeGreaterThanOrEqual(300);
  const compared: object[] = [];
  const worker = async () => {
    for (let sql = left.shift(); sql !== undefined; sql = left.shift()) {
      const { theirs, ours } = await verdicts(sql);
      expect(theirs).toEqual(ours);
      if ('tables' in ours) compared.push(ours);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(compared.length).toBeGreaterThan(150);
}, 600_000);

test.each([
  'SELECT 1',
  'SELECT -7',
  'SELECT 2147483648',
  'SELECT 1 AS Alive',
  "SELECT 'it''s'",
  "SELECT ''",
  'select TRUE',
  'select null',
])('what the gateway answers by itself to keep a connection alive is what Trino answers: %s', async (statement) => {
  let columns: unknown;
  const { rows } = await runQuery(trino.url, statement, {
    onPage: (page) => {
      columns ??= (page as { columns?: unknown }).columns;
    },
  });
  const selected = literalSelect(statement);
  const own = selected && JSON.parse(literalPage({ id: 'q', infoUri: '', ...selected }));
  expect([own?.columns, own?.data]).toEqual([columns, rows]);
});
