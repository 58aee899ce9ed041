import type { RoutedQuery } from '../../chain/routed-query.ts';

/** What Trino's resource groups call the statements whose cost it can estimate; CREATE TABLE AS is an INSERT there. */
const KINDS: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'ANALYZE']);
const WORDS: ReadonlySet<string> = new Set([
  ...['SELECT', 'TABLE', 'VALUES', 'WITH', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'ANALYZE', 'REFRESH', 'EXECUTE'],
]);
/** What they execute is not known. */
const EXECUTES: ReadonlySet<string> = new Set(['Execute', 'ExecuteImmediate']);
const CREATE_TABLE_AS = /^CREATE\s+(OR\s+REPLACE\s+)?TABLE\s[^;]*\bAS\b/i;
/** Routers send no more: what is as long as this may be cut. */
const LONGEST = 1_000_000;

/** Why a statement is not explained; undefined when it is. By its first word where nothing more is known of it. */
export function whyNotExplained(query: Pick<RoutedQuery, 'statement' | 'sql'>): string | undefined {
  const { statement } = query;
  if (statement.trim() === '') return 'there is no statement';
  if (statement.length >= LONGEST) return 'the statement is too long to be explained';
  const { kind, statementClass } = query.sql();
  const isKnown = kind !== 'UNKNOWN' || (statementClass !== '' && !EXECUTES.has(statementClass));
  const can = isKnown ? KINDS.has(kind) : beginsLikeQuery(statement);
  return can ? undefined : 'Trino estimates no cost of such a statement';
}

function beginsLikeQuery(statement: string): boolean {
  const rest = statement.slice(beginningOf(statement));
  const word = /^[A-Za-z]+/.exec(rest)?.[0].toUpperCase() ?? '';
  return WORDS.has(word) || CREATE_TABLE_AS.test(rest);
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
