import type { RoutedQuery } from '../../chain/routed-query.ts';
import { writtenQuery } from './written-query.ts';

/** What is explained of a statement, or why nothing is. */
export type Explainable = { text: string } | { why: string };

/** Routers send no more: what is as long as this may be cut. */
const LONGEST = 1_000_000;

/**
 * Queries are explained as they are, also through EXECUTE. Of statements that write rows, the query that they write: explaining
 * more would begin the write (BeginTableWrite), and some connectors then leave a table behind (trinodb/trino#130).
 */
export function explainable({ statement, sql }: Pick<RoutedQuery, 'statement' | 'sql'>): Explainable {
  if (statement.trim() === '') return { why: 'there is no statement' };
  if (statement.length >= LONGEST) return { why: 'the statement is too long to be explained' };
  const { statementClass } = sql();
  const what = statementClass === '' ? classByFirstWord(statement) : statementClass;
  if (what === 'Query') return { text: statement };
  const written = what === 'Insert' || what === 'CreateTableAsSelect' ? writtenQuery(statement) : undefined;
  return written === undefined ? { why: 'the cost of such a statement is not asked for' } : { text: written };
}

const CLASSES: Readonly<Record<string, string>> = {
  ...{ SELECT: 'Query', TABLE: 'Query', VALUES: 'Query', WITH: 'Query' },
  ...{ INSERT: 'Insert', CREATE: 'CreateTableAsSelect' },
};

/** Of a statement that is not understood. */
function classByFirstWord(statement: string): string {
  const rest = statement.slice(beginningOf(statement));
  const word = /^[A-Za-z]+/.exec(rest)?.[0].toUpperCase() ?? '';
  const isOther = word === 'CREATE' && !/^CREATE\s+(OR\s+REPLACE\s+)?TABLE\b/i.test(rest);
  return isOther ? '' : (CLASSES[word] ?? '');
}

/** Where the first word is: behind blanks, comments and parentheses. */
function beginningOf(statement: string): number {
  let at = 0;
  for (;;) {
    if (statement.startsWith('--', at)) at = after(statement, '\n', at);
    else if (statement.startsWith('/*', at)) at = after(statement, '*/', at + 2);
    else if (/[\s(]/.test(statement[at] ?? 'x')) at += 1;
    else return at;
  }
}

function after(statement: string, end: string, from: number): number {
  const at = statement.indexOf(end, from);
  return at < 0 ? statement.length : at + end.length;
}
