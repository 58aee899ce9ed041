import { hasPreparedStatement } from '@trino-gateway/trino/prepared-statements';
import { type PlacedToken, placedTokens, type SqlToken } from '../lexer/sql-tokens.ts';
import type { StatementSession } from './statement-session.ts';

/** Why every Trino refuses a statement before it plans it. Nothing but what the request alone tells, and nothing in doubt. */
export type StatementProblem = { name: 'SYNTAX_ERROR' | 'NOT_FOUND'; message: string };

/** A longer one is left to the cluster: reading it would take too long. */
const MOST_CHARACTERS = 100_000;
/** Of a word in a message. */
const MOST_SHOWN = 100;

/** The longer words with which the statements of Trino 476 to 483 begin (SqlBase.g4, singleStatement). */
const BEGINNINGS =
  `ALTER ANALYZE COMMENT COMMIT CREATE DEALLOCATE DELETE DESCRIBE EXECUTE EXPLAIN GRANT INSERT MERGE PREPARE REFRESH
  RESET REVOKE ROLLBACK SELECT START TABLE TRUNCATE UPDATE VALUES`.split(/\s+/);

const CLOSING: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
]);

/**
 * The first mistake that is certain without a parser: no statement at all, a beginning that none has or with a slip in it, a quote, comment or bracket
 * that is never closed, a bracket that was never opened, a semicolon at the end, EXECUTE of a name that the session does not have.
 * Where the statement has an earlier mistake as well, Trino names that one's place.
 */
export function statementProblem(sql: string, session: StatementSession): StatementProblem | undefined {
  if (sql.length > MOST_CHARACTERS) return undefined;
  const tokens = [...placedTokens(sql)];
  const [first] = tokens;
  if (first === undefined) return syntaxError(sql, sql.length, "mismatched input '<EOF>': there is no statement");
  if (!mayBegin(first.token))
    return syntaxError(sql, first.at, `mismatched input '${shown(sql, first)}': no statement begins with it`);
  // Between these another language is spoken.
  if (sql.includes('$$')) return undefined;
  return unclosed(sql, tokens) ?? unknownName(tokens, session);
}

/** A word that Trino does not know may be one that a later Trino knows: only one with a slip in it is certainly wrong. */
function mayBegin(token: SqlToken): boolean {
  if (token.kind === 'symbol') return token.text === '(';
  const word = keyword(token);
  return word !== undefined && !BEGINNINGS.some((beginning) => isSlip(word, beginning));
}

/** Whether a letter is missing, doubled, wrong or has changed places with the next. */
function isSlip(word: string, meant: string): boolean {
  if (word === meant || Math.abs(word.length - meant.length) > 1) return false;
  let start = 0;
  while (start < word.length && word[start] === meant[start]) start += 1;
  let end = 0;
  while (end < Math.min(word.length, meant.length) - start && word.at(-1 - end) === meant.at(-1 - end)) end += 1;
  const [written, right] = [word.slice(start, word.length - end), meant.slice(start, meant.length - end)];
  return (
    (written.length <= 1 && right.length <= 1) || (written.length === 2 && written === [...right].reverse().join(''))
  );
}

function unclosed(sql: string, tokens: readonly PlacedToken[]): StatementProblem | undefined {
  const open: string[] = [];
  for (const { token, at } of tokens) {
    if (token.kind === 'broken') return brokenOff(sql, at);
    if (token.kind !== 'symbol') continue;
    const closing = CLOSING.get(token.text);
    if (closing !== undefined) open.push(closing);
    else if ((token.text === ')' || token.text === ']') && open.pop() !== token.text)
      return syntaxError(sql, at, `mismatched input '${token.text}': no such bracket is open`);
  }
  const missing = open.pop();
  if (missing !== undefined) return syntaxError(sql, sql.length, `mismatched input '<EOF>'. Expecting: '${missing}'`);
  const last = tokens.at(-1);
  return last?.token.kind === 'symbol' && last.token.text === ';'
    ? syntaxError(sql, last.at, "mismatched input ';': a statement ends without it")
    : undefined;
}

/** A literal with escapes that cannot be read is the cluster's to judge. */
function brokenOff(sql: string, at: number): StatementProblem | undefined {
  if (sql.startsWith('/*', at)) return syntaxError(sql, at, "mismatched input '/': the comment is never closed");
  const quote = sql[at] ?? '';
  if (quote !== "'" && quote !== '"') return undefined;
  // Trino takes what it can for a literal, up to the last quote, which then stands alone.
  return syntaxError(sql, sql.lastIndexOf(quote), `mismatched input '${quote}': the quote is never closed`);
}

function unknownName(tokens: readonly PlacedToken[], session: StatementSession): StatementProblem | undefined {
  const [first, second, third, fourth] = tokens.map(({ token }) => token);
  const isDescribe = keyword(first) === 'DESCRIBE' && ['INPUT', 'OUTPUT'].includes(keyword(second) ?? '');
  if (keyword(first) !== 'EXECUTE' && !isDescribe) return undefined;
  const [name, next] = isDescribe ? [third, fourth] : [second, third];
  if (name?.kind !== 'word' && name?.kind !== 'quoted') return undefined;
  if (isDescribe ? next !== undefined : next !== undefined && keyword(next) !== 'USING') return undefined;
  if (hasPreparedStatement(session.preparedStatements ?? [], name.text)) return undefined;
  return { name: 'NOT_FOUND', message: `Prepared statement not found: ${name.text}` };
}

function syntaxError(sql: string, at: number, text: string): StatementProblem {
  const before = sql.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  // Trino counts characters, not halves of them.
  const column = [...before.slice(lineStart)].length + 1;
  return { name: 'SYNTAX_ERROR', message: `line ${line}:${column}: ${text}` };
}

function shown(sql: string, { token, at }: PlacedToken): string {
  // Never what stands between quotes.
  if (token.kind === 'word' || token.kind === 'number' || token.kind === 'symbol')
    return token.text.slice(0, MOST_SHOWN);
  return sql[at] ?? '';
}

const keyword = (token: SqlToken | undefined) => (token?.kind === 'word' ? token.text.toUpperCase() : undefined);
