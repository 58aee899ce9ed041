import { preparedStatement, preparedStatementsProblem } from '@trino-gateway/trino/prepared-statements';
import type { SqlToken } from '../lexer/sql-tokens.ts';
import type { StatementSession } from './statement-session.ts';

/** What EXECUTE runs. */
export type ExecutedStatement =
  /** `next` is the token that follows what names the statement, for example USING. */
  | { kind: 'found'; sql: string; next: SqlToken | undefined }
  /** `message` says why it cannot be read, as Trino would. */
  | { kind: 'unreadable'; message: string }
  /** The session has none of that name, or nothing is named. */
  | { kind: 'missing' };

/**
 * The statement that EXECUTE or EXECUTE IMMEDIATE runs.
 * @param tokens those after EXECUTE, of which it reads what names the statement
 */
export function executedStatement(
  tokens: Generator<SqlToken, void, void>,
  session: StatementSession,
): ExecutedStatement {
  const what = tokens.next().value ?? undefined;
  const after = tokens.next().value ?? undefined;
  const isImmediate = what?.kind === 'word' && what.text.toUpperCase() === 'IMMEDIATE' && after?.kind === 'string';
  const problem = isImmediate ? undefined : preparedStatementsProblem(session.preparedStatements ?? []);
  if (problem !== undefined) return { kind: 'unreadable', message: problem };
  const sql = isImmediate ? after.text : named(session, what);
  if (sql === 'tooLong')
    return { kind: 'unreadable', message: 'The prepared statement is longer than a million characters' };
  if (sql === undefined || after?.kind === 'broken') return { kind: 'missing' };
  return { kind: 'found', sql, next: isImmediate ? (tokens.next().value ?? undefined) : after };
}

function named(session: StatementSession, name: SqlToken | undefined): ReturnType<typeof preparedStatement> {
  if (name?.kind !== 'word' && name?.kind !== 'quoted') return undefined;
  return preparedStatement(session.preparedStatements ?? [], name.text, session.beforeInflating);
}
