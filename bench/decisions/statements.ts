import { analyseStatement } from '@trino-gateway/sql';
import { corpus, corpusHeaders } from '@trino-gateway/sql/corpus';

/** How fast statements of one kind are read. */
export type ReadingSpeed = { name: string; megabytesPerSecond: number };

const ROUND_MS = 500;
const ROUNDS = 5;

const lists = (element: (at: number) => string) => {
  let text = 'SELECT * FROM orders WHERE a IN (0';
  for (let at = 0; text.length < 999_000; at += 1) text += `, ${element(at)}`;
  return [`${text})`];
};

/** What a statement says, found out for statements as dashboards and jobs send them, and for IN lists of a megabyte; medians. */
export function readingSpeeds(): ReadingSpeed[] {
  const ordinary = corpus()
    .filter(({ file }) => file === 'ordinary')
    .map(({ sql }) => sql);
  return [
    { name: 'ordinary statements', megabytesPerSecond: speedOf(ordinary) },
    { name: 'an IN list of numbers, 1 MB', megabytesPerSecond: speedOf(lists((at) => String(1_000_000 + at))) },
    { name: 'an IN list of strings, 1 MB', megabytesPerSecond: speedOf(lists((at) => `'value ${at}'`)) },
  ];
}

function speedOf(statements: readonly string[]): number {
  const bytes = statements.reduce((sum, sql) => sum + Buffer.byteLength(sql), 0);
  round(statements);
  const times = Array.from({ length: ROUNDS }, () => round(statements)).sort((a, b) => a - b);
  return bytes / 1_000 / (times[ROUNDS >> 1] ?? Number.NaN);
}

/** Milliseconds of processor time that all of them take once. */
function round(statements: readonly string[]): number {
  const began = performance.now();
  const before = process.cpuUsage();
  let turns = 0;
  for (; performance.now() - began < ROUND_MS; turns += 1)
    for (const sql of statements) analyseStatement(sql, corpusHeaders);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / turns;
}
