import { expect, test } from '@jest/globals';
import { analyseStatement } from '@trino-gateway/sql';
import { corpusHeaders } from './support/corpus.ts';

const filled =
  (text: string, before = '', after = '') =>
  (length: number) =>
    `${before}${text.repeat(Math.floor((length - before.length - after.length) / text.length))}${after}`;

const long: readonly (readonly [string, (length: number) => string])[] = [
  ['a list of numbers', filled('1234567, ', 'SELECT * FROM t WHERE a IN (', '1)')],
  ['a list of strings', filled("'abcdefgh', ", 'SELECT * FROM t WHERE a IN (', "'x')")],
  ['many tables', filled('c.s.t, ', 'SELECT * FROM ', 't')],
  ['many joins', filled('JOIN t ON a = b ', 'SELECT * FROM t ')],
  ['many unions', filled('SELECT a FROM t UNION ', '', 'TABLE t')],
  [
    'many queries of WITH, many tables',
    (length) => {
      const queries = Array.from({ length: length / 200 }, (_, at) => `q${at} AS (SELECT 1)`);
      return `WITH ${queries} SELECT * FROM ${Array.from({ length: length / 10 }, (_, at) => `t${at}`)}`;
    },
  ],
  ['more queries of WITH', filled('a AS (SELECT * FROM a), ', 'WITH ', 'b AS (TABLE a) TABLE b')],
  ['brackets', filled('(', 'SELECT ')],
  ['brackets around a relation', filled('(', 'SELECT * FROM ')],
  ['indexes', filled('[', 'SELECT ARRAY')],
  ['queries within each other', filled('(SELECT ', 'SELECT ')],
  ['relations within each other', filled('(SELECT * FROM ', 'SELECT * FROM ')],
  ['CASE within CASE', filled('CASE WHEN ', 'SELECT ')],
  ['explanations', filled('EXPLAIN ')],
  ['names for lambdas', filled('(a, ', 'SELECT ')],
  ['commas', filled('a, ', 'SELECT (', 'a)')],
  ['dots', filled('a.', 'SELECT ', 'b FROM t')],
  ['one word', filled('a')],
  ['digits', filled('1')],
  ['digits and an exponent', filled('1', 'SELECT ', 'e')],
  ['underscores', filled('1_', 'SELECT ')],
  ['an open string', filled("''", "SELECT '")],
  ['comments', filled('/**/ -- \n')],
  ['comments that are not closed', filled('/*')],
  ['signs', filled('$<>-', 'SELECT ')],
  ['characters of two halves', filled('\u{1d11e}')],
  ['escapes', filled('\\0041', "SELECT U&'", "'")],
];

// What a megabyte takes in milliseconds is told by `make bench`; what must not be is that a part of it is read again and again.
test.each(long)(
  'a statement of a megabyte costs at most three times as much a byte as one of 100 kB: %s',
  (_, sqlOf) => {
    const [short, whole] = [sqlOf(100_000), sqlOf(1_000_000)];
    expect(whole.length).toBeLessThanOrEqual(1_000_000);
    // The best of some: the machine has other things to do, and code is compiled while it runs.
    const best = { short: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
    for (let attempts = 0; (attempts < 3 || best.whole > 30 * best.short) && attempts < 30; attempts += 1) {
      best.short = Math.min(best.short, priceOf(short));
      best.whole = Math.min(best.whole, priceOf(whole));
    }
    expect(best.whole).toBeLessThanOrEqual(30 * best.short);
  },
);

function priceOf(sql: string): number {
  const before = process.cpuUsage();
  analyseStatement(sql, corpusHeaders);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
